export { carts, type CartDocument } from "./carts";
export { type OfferDocument, type OfferedProduct, type OfferedSku, offerKey, offers } from "./offers";
export { countryKey, currencyKey, type RegionCountry, type RegionCurrency, type RegionDocument, regions } from "./regions"; // prettier-ignore

export { BackOffice, type BulkOutcome, type EntryResult } from "./back-office";
export { type ClientOptions, contentOf, JSON_HEADERS, Refused, refusalOf, ShopClient, ShopUnreachable } from "./client";
export { type Answer, type Call, type Method } from "./exchange";
export { Figures } from "./figures";
export { Histogram, type Latency, latencyOf } from "./histogram";
export { type OrderAnswer, reflecting, type ShippingAddress, Shopper } from "./shopper";

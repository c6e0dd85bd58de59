import { type LocationId, type Sku } from "../kernel";

/** Where stock lies unless the merchant says otherwise. */
export const DEFAULT_LOCATION = "main" as LocationId;

/** The id of a stock stream. A location has no `-`, so the SKU is all after the first one. */
export const stockId = (location: LocationId, sku: Sku): string => `${location}-${sku}`;

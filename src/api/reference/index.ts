import { type Route } from "../http";
import { type Services } from "../services";
import { referenceReads } from "./reads";
import { referenceWrites } from "./writes";

/** Currencies, countries and tax rates: `/reference/v1`. Everybody may read them, back offices change them. */
export const referenceRoutes = (services: Services): readonly Route[] => [
  ...referenceReads(services),
  ...referenceWrites(services),
];

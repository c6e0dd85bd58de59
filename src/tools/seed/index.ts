export { declineDemoShop, type SeedOptions, type SeedReport, seedDemoShop } from "./demo-shop";
export { type ReferenceDataOptions, type ReferenceDataReport, setUpReferenceData } from "./reference-data";
export { type Execute, SetUpRefused } from "./send";

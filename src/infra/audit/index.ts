export { type ChangedDocument, type ChangedField } from "./changes";
export { compareFeed, type CompareOptions, compareProjection, type CompareReport, NothingToCompare } from "./compare";
export { type Finding } from "./findings";
export { type DocumentDifference, type ModelReport } from "./model-report";
export { type StreamsReport } from "./stream-check";
export { type Audited, verify, type VerifyOptions, type VerifyReport } from "./verify";

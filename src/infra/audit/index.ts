export { type ChangedDocument, type ChangedField } from "./changes";
export { compareFeed, type CompareOptions, compareProjection, type CompareReport, NothingToCompare } from "./compare";
export { Explainer, type ExplainOptions, type Explanation } from "./explain";
export { type Finding } from "./findings";
export { LogBusy } from "./log-reading";
export { type DocumentDifference, type ModelReport } from "./model-report";
export { type StreamsReport } from "./stream-check";
export { type Searched, type Trace, type TraceOptions } from "./trace";
export { type Audited, verify, type VerifyOptions, type VerifyReport } from "./verify";

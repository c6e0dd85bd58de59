export { type DocumentDifference, type ModelReport } from "./model-report";
export { type Finding } from "./findings";
export { type StreamsReport } from "./stream-check";
export { type Audited, verify, type VerifyOptions, type VerifyReport } from "./verify";

import { type Aggregate, type Decision, type Timestamp } from "../kernel";
import { type ImportRowEvent } from "./events";

/** A row of an imported file that fits nowhere. Nothing is dropped: it is kept word for word, once. */
export interface ImportRowState {
  readonly status: "absent" | "set-aside";
}

export interface SetRowAside {
  readonly type: "SetRowAside";
  readonly at: Timestamp;
  readonly source: string;
  /** Line of the file, from 1 for the first after the header. */
  readonly row: number;
  readonly reason: string;
  readonly text: string;
}

/** The id of a row's stream. */
export const importRowId = (source: string, row: number): string => `${source}-${row}`;

export const importRow: Aggregate<SetRowAside, ImportRowEvent, ImportRowState> = {
  category: "importrow",
  initialState: { status: "absent" },
  decide({ source, row, reason, text }, { status }): Decision<ImportRowEvent> {
    return status === "set-aside" ? [] : [{ type: "ImportRowSetAside", data: { source, row, reason, text } }];
  },
  evolve: () => ({ status: "set-aside" }),
};

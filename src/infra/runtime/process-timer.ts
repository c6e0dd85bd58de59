import { type Deadline } from "../../domains/kernel";

/** A moment at which a process is to be woken. */
export interface TimerDocument {
  readonly _id: string;
  readonly process: string;
  readonly processId: string;
  readonly name: string;
  readonly at: Date;
  readonly correlationId: string;
}

export function timer(process: string, processId: string, deadline: Deadline, correlationId: string): TimerDocument {
  const { name, at } = deadline;
  return { _id: `${process}:${processId}`, process, processId, name, at: new Date(at), correlationId };
}

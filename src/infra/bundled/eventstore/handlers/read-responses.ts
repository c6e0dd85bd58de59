import { encode } from "../wire/proto-writer";

/** The answers of `Streams.Read` that are not events. */
export const confirmation = (subscriptionId: string): Buffer =>
  encode((w) => w.message(2, (c) => c.string(1, subscriptionId)));

export const checkpoint = (position: number): Buffer =>
  encode((w) => w.message(3, (c) => c.varint(1, position).varint(2, position)));

export const streamIdentifier = (name: string): Buffer => encode((w) => w.string(3, name));

export const streamNotFound = (name: string): Buffer =>
  encode((w) => w.message(4, (n) => n.message(1, streamIdentifier(name))));

export const firstStreamPosition = (revision: number): Buffer => encode((w) => w.varint(5, revision));
export const lastStreamPosition = (revision: number): Buffer => encode((w) => w.varint(6, revision));
export const lastAllPosition = (position: number): Buffer =>
  encode((w) => w.message(7, (p) => p.varint(1, position).varint(2, position)));

export const CAUGHT_UP = encode((w) => w.message(8));
export const FELL_BEHIND = encode((w) => w.message(9));

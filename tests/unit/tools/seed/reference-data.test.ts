import { type CurrencyCode, type EventCatalogue, fold, type Timestamp } from "../../../../src/domains/kernel";
import {
  currency,
  type CurrencyCommand,
  ISO_3166,
  ISO_4217,
  ratesAt,
  referenceEvents,
  taxrate,
} from "../../../../src/domains/reference";
import { setUpReferenceData } from "../../../../src/tools/seed";
import { MemoryLog } from "./memory-log";

const at = "2026-01-01T00:00:00.000Z" as Timestamp;
const catalogue: EventCatalogue = referenceEvents;

describe("reference data", () => {
  let log: MemoryLog;
  beforeEach(() => {
    log = new MemoryLog();
  });
  const isReference = ({ stream }: { stream: string }) => !stream.startsWith("claim-");
  const count = (type: string) => log.events.filter(({ event }) => event.type === type).length;

  it("is in the log as the lists have it", async () => {
    const report = await setUpReferenceData({ execute: log.execute, at });
    expect(report).toEqual({
      currencies: ISO_4217.length,
      countries: ISO_3166.length,
      taxRates: count("TaxRateSet"),
      events: log.events.length,
    });
    expect(count("CurrencyDefined")).toBe(ISO_4217.length);
    expect(count("CountryDefined")).toBe(ISO_3166.length);
    expect(log.of("currency-JPY")).toMatchObject([{ data: { code: "JPY", fractionDigits: 0, numeric: "392" } }]);
    expect(log.of("country-US")).toMatchObject([{ data: { code: "US", taxRegime: "exclusive" } }]);
  });

  it("writes only events that their schemas take", async () => {
    await setUpReferenceData({ execute: log.execute, at });
    const refused = log.events
      .filter(isReference)
      .filter(({ event }) => !catalogue[event.type]?.schema.safeParse(event.data).success);
    expect(refused).toEqual([]);
  });

  it("has tax rates for every moment", async () => {
    await setUpReferenceData({ execute: log.execute, at });
    const { rates } = fold(taxrate, log.of("taxrate-GB") as never[]);
    expect(ratesAt(rates, "2010-12-01T08:26:00.000Z")).toEqual({ standard: "0.20", reduced: "0.05", zero: "0" });
  });

  it("is there once: a second start looks at one stream and writes nothing", async () => {
    await setUpReferenceData({ execute: log.execute, at });
    const { length } = log.events;
    log.commands = 0;
    expect((await setUpReferenceData({ execute: log.execute })).events).toBe(0);
    expect(log.commands).toBe(1);
    expect(log.events).toHaveLength(length);
  });

  it.each([0, 1, 300, 560])("goes on after it was broken off by a failure after %i commands", async (commands) => {
    const whole = new MemoryLog();
    const { events } = await setUpReferenceData({ execute: whole.execute, at });
    log.left = commands;
    await expect(setUpReferenceData({ execute: log.execute, at })).rejects.toThrow("cannot be reached");
    log.left = Infinity;
    await setUpReferenceData({ execute: log.execute });
    expect(log.events).toHaveLength(events);
  });

  it("leaves alone what the merchant changed, when other data come with a later version", async () => {
    await setUpReferenceData({ execute: log.execute, at });
    const withdraw: CurrencyCommand = { type: "WithdrawCurrency", at, code: "ZWG" as CurrencyCode };
    const context = { commandId: "withdraw", correlationId: "withdraw", actor: "key:test" };
    await log.execute(currency, "ZWG", withdraw, context);

    // A log that was set up by an earlier version: without one currency, and with the marker of other data.
    log.streams.delete("currency-ZMW");
    for (const stream of log.streams.keys()) if (stream.startsWith("claim-")) log.streams.delete(stream);
    expect((await setUpReferenceData({ execute: log.execute })).events).toBe(2);
    expect(log.of("currency-ZMW").map(({ type }) => type)).toEqual(["CurrencyDefined"]);
    expect(log.of("currency-ZWG").map(({ type }) => type)).toEqual(["CurrencyDefined", "CurrencyWithdrawn"]);
  });
});

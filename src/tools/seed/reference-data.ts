import { type CountryCode, type CurrencyCode, type Timestamp } from "../../domains/kernel";
import {
  country,
  currency,
  DEFAULT_RATES_VALID_FROM,
  DEFAULT_TAX_RATES,
  defaultTaxRegime,
  ISO_3166,
  ISO_4217,
  taxrate,
} from "../../domains/reference";
import { fingerprint } from "../../infra/runtime";
import { inFlight } from "../in-flight";
import { marker } from "./marker";
import { type Execute, Sender } from "./send";

const SET_UP = "reference-data";
/** Streams that are written to at once. */
const LIMIT = 256;

export interface ReferenceDataOptions {
  readonly execute: Execute;
  readonly signal?: AbortSignal | undefined;
  /** Keeps in the log that all has been done, by a claim: where that may be appended to. It does when absent. */
  readonly remember?: boolean;
  /** When it happens; now when absent. */
  readonly at?: string | undefined;
}

export interface ReferenceDataReport {
  readonly currencies: number;
  readonly countries: number;
  readonly taxRates: number;
  /** Events written; 0 when the shop had it all. */
  readonly events: number;
}

/**
 * Puts the currencies of ISO 4217, the countries of ISO 3166 and the default tax rates into the log of a new shop.
 *
 * An entry's command id derives from its content, and the marker from the content of all: a later Millrace with new data
 * writes what is new in it and nothing else, and what a merchant has changed or withdrawn since stays so. When all has
 * been done, that is found out by looking at one stream.
 */
export async function setUpReferenceData({
  execute,
  signal,
  at,
  remember = true,
}: ReferenceDataOptions): Promise<ReferenceDataReport> {
  const now = (at ?? new Date().toISOString()) as Timestamp;
  const taxRates = DEFAULT_TAX_RATES.reduce((sum, { rates }) => sum + Object.keys(rates).length, 0);
  const report = { currencies: ISO_4217.length, countries: ISO_3166.length, taxRates };

  const done = remember ? marker(execute, `${SET_UP}:${dataVersion()}`, now) : undefined;
  if (await done?.isSet()) return { ...report, events: 0 };
  const sender = new Sender(execute, SET_UP, now);
  await inFlight(entries(sender, now), LIMIT, (write) => write(), signal);
  await done?.set();
  return { ...report, events: sender.events + (done ? 1 : 0) };
}

function* entries(sender: Sender, at: Timestamp): Generator<() => Promise<void>> {
  for (const { code, name, numeric, fractionDigits } of ISO_4217) {
    const content = { code: code as CurrencyCode, name, numeric, fractionDigits };
    yield () => sender.send(currency, code, { type: "DefineCurrency", at, ...content }, fingerprint(content));
  }
  for (const { code, name } of ISO_3166) {
    const content = { code: code as CountryCode, name, taxRegime: defaultTaxRegime(code) };
    yield () => sender.send(country, code, { type: "DefineCountry", at, ...content }, fingerprint(content));
  }
  const validFrom = DEFAULT_RATES_VALID_FROM as Timestamp;
  for (const { country, rates } of DEFAULT_TAX_RATES)
    for (const [taxCategory, rate] of Object.entries(rates)) {
      const content = { country: country as CountryCode, taxCategory, rate, validFrom };
      yield () => sender.send(taxrate, country, { type: "SetTaxRate", at, ...content }, fingerprint(content));
    }
}

const dataVersion = (): string =>
  fingerprint([
    ISO_4217,
    ISO_3166.map(({ code, name }) => [code, name, defaultTaxRegime(code)]),
    DEFAULT_TAX_RATES,
    DEFAULT_RATES_VALID_FROM,
  ]);

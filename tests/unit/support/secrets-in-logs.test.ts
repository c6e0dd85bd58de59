import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFINITIONS } from "../../../src/infra/config/definitions";
import { PLANTED } from "../../support/planted";
import { leaksIn, leaksUnder } from "../../support/secrets-in-logs";

/* What looks through the logs of a run must be able to find something. */

const line = (secret: string) => `{"level":"info","url":"/store/v1/carts","got":"${secret}"}`;
const found = (text: string, shown = false) => leaksIn(text, "a.log", shown).map(({ what }) => what);

test.each([
  ["an API key", "mk_Zk3q0b9XvYwZk3q0b9XvYw"],
  ["a shopper token", `ms_${"A1b2".repeat(16)}`],
  ["a signed token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"],
  ["a login", "mongodb+srv://cart:letmein@db.example/?tls=true"],
  ["a card token", "tok_approve"],
  ...Object.entries(PLANTED),
])("%s is found, and not shown again", (what, secret) => {
  expect(found(line(secret))).toEqual([what]);
  const [leak] = leaksIn(`first\n${line(secret)}\n`, "a.log");
  expect(leak).toMatchObject({ file: "a.log", line: 2, around: expect.stringContaining("[…]") });
  expect(leak?.around).not.toContain(secret);
});

/** What a value of each secret setting is found as. */
const OF_SETTINGS: Readonly<Record<string, string>> = {
  ADMIN_API_KEY: "an API key",
  SHOPPER_SECRET: "the secret of shopper tokens",
  SERVICE_KEY: "the key of gateways and services",
  SERVICE_KEY_ALSO: "another key of gateways and services",
  MASTER_KEY: "the master key",
  MASTER_KEY_PREVIOUS: "the master key of before",
};

test("every secret setting has a planted value: a new one needs one too", () => {
  const secret = Object.values(DEFINITIONS).flatMap((each) => ("secret" in each ? [each.env] : []));
  expect(Object.keys(OF_SETTINGS)).toEqual(secret);
  for (const what of Object.values(OF_SETTINGS)) expect(["an API key", ...Object.keys(PLANTED)]).toContain(what);
});

test("what is no secret is none", () => {
  const lines = ["mongodb://127.0.0.1:27017/?replicaSet=rs0", "esdb://…@host:2113", "key:erp", "millrace_cart", "eyJ"];
  expect(found(lines.map(line).join("\n"))).toEqual([]);
});

test("a command may show the key that it made, and nothing else", () => {
  expect(found(line("mk_Zk3q0b9XvYwZk3q0b9XvYw"), true)).toEqual([]);
  expect(found(line(PLANTED["the master key"]), true)).toEqual(["the master key"]);
});

test("the logs of a folder are looked through", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-leaks-"));
  try {
    writeFileSync(join(folder, "checkout.1.1.log"), line("nothing"));
    writeFileSync(join(folder, "checkout.1.2.log"), line(PLANTED["a person's name"]));
    writeFileSync(join(folder, "keys.1.3.out"), line("mk_Zk3q0b9XvYwZk3q0b9XvYw"));
    expect(leaksUnder(folder).map(({ file, what }) => [file, what])).toEqual([["checkout.1.2.log", "a person's name"]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

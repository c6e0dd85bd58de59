import { settings, SettingsError, settingsMarkdown, settingsTable } from "../../../../src/infra/config";

test("standard values", () => {
  expect(settings({})).toMatchObject({
    port: 8080,
    host: "127.0.0.1",
    dataDir: "./data",
    eventstoreUrl: undefined,
    mongodbUrl: undefined,
    mongodbPrefix: "millrace",
    logLevel: "info",
    paymentTimeout: 60,
  });
});

test("a flag goes before the environment, an empty variable is none", () => {
  expect(settings({ PORT: "9000" }, { port: "9001" }).port).toBe(9001);
  expect(settings({ PORT: "9000" }, {}).port).toBe(9000);
  expect(settings({ PORT: "", HOST: "0.0.0.0" }, { seed: false })).toMatchObject({ port: 8080, host: "0.0.0.0" });
});

const fault = (env: Record<string, string>, flags: Record<string, string> = {}): string => {
  try {
    settings(env, flags);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
  }
  return "none";
};

test.each<[env: Record<string, string>, flags: Record<string, string>, message: string]>([
  [
    { PORT: "http" },
    {},
    'PORT (or --port) cannot be "http": it must be a whole number from 0 (any free port) to 65535.',
  ],
  [
    {},
    { port: "70000" },
    '--port (or PORT) cannot be "70000": it must be a whole number from 0 (any free port) to 65535.',
  ],
  [{ PORT: "1.5" }, {}, 'PORT (or --port) cannot be "1.5": it must be a whole number from 0 (any free port) to 65535.'],
  [{ LOG_LEVEL: "loud" }, {}, 'LOG_LEVEL cannot be "loud": it must be silent, fatal, error, warn, info, debug, trace.'],
  [
    { MONGODB_URL: "localhost" },
    {},
    'MONGODB_URL (or --mongodb) cannot be "localhost": it must be a connection string such as mongodb://localhost:27017/?replicaSet=rs0.',
  ],
  [
    { EVENTSTORE_URL: "http://localhost:2113" },
    {},
    'EVENTSTORE_URL (or --eventstore) cannot be "http://localhost:2113": it must be a connection string such as esdb://localhost:2113?tls=false.',
  ],
  [
    { MONGODB_PREFIX: "A b" },
    {},
    'MONGODB_PREFIX cannot be "A b": it must be 1 to 30 of a-z, 0-9 and _, beginning with a letter.',
  ],
  [
    { PAYMENT_TIMEOUT: "0" },
    {},
    'PAYMENT_TIMEOUT cannot be "0": it must be a whole number of seconds from 1 to 86400.',
  ],
  [{ SHOPPER_SECRET: "hush" }, {}, "SHOPPER_SECRET cannot be the value given: it must be 16 characters or more."],
])("%j %j", (env, flags, message) => {
  expect(fault(env, flags)).toBe(message);
});

test("no password of a connection string is shown", () => {
  expect(fault({ MONGODB_URL: "mysql://root:hush@db/shop" })).toContain('"mysql://…@db/shop"');
});

test("all faults at once, one line each", () => {
  expect(fault({ PORT: "x", LOG_LEVEL: "y" }).split("\n")).toHaveLength(2);
});

test("the table has every setting", () => {
  expect(settingsTable.map(({ env }) => env)).toEqual(
    expect.arrayContaining(["PORT", "MONGODB_URL", "SHOPPER_SECRET"]),
  );
  expect(settingsMarkdown()).toContain("| `PORT` | `--port` | `8080` | Port that the APIs listen on: a whole number");
});

describe("a value in a file", () => {
  const files: Readonly<Record<string, string>> = { "/run/key": "mk_0123456789abcdef\n", "/run/url": "db.example\n" };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`no such file: ${path}`);
    return text;
  };
  const faultOf = (env: Record<string, string>): string => {
    try {
      settings(env, {}, read);
    } catch (error) {
      return (error as Error).message;
    }
    return "none";
  };

  test("is as good as the variable itself, without the line's end", () => {
    expect(settings({ ADMIN_API_KEY_FILE: "/run/key" }, {}, read).adminApiKey).toBe("mk_0123456789abcdef");
    expect(settings({ ADMIN_API_KEY_FILE: "" }, {}, read).adminApiKey).toBeUndefined();
  });

  test("is read anew each time", () => {
    let text = "first-key-of-two-keys";
    const now = () => settings({ ADMIN_API_KEY_FILE: "/run/key" }, {}, () => text).adminApiKey;
    expect(now()).toBe("first-key-of-two-keys");
    text = "second-key-of-two-keys";
    expect(now()).toBe("second-key-of-two-keys");
  });

  test("has the same rules", () => {
    expect(faultOf({ MONGODB_URL_FILE: "/run/url" })).toMatch(/^MONGODB_URL .*cannot be "db.example": it must be/);
    expect(faultOf({ SHOPPER_SECRET_FILE: "/run/gone" })).toBe(
      "SHOPPER_SECRET_FILE cannot be read: no such file: /run/gone",
    );
    expect(faultOf({ SHOPPER_SECRET: "a secret of its own", SHOPPER_SECRET_FILE: "/run/key" })).toBe(
      "SHOPPER_SECRET and SHOPPER_SECRET_FILE are both set: one of them must go.",
    );
  });
});

import { type BulkWriteResult, MongoBulkWriteError, MongoError, MongoNetworkError } from "mongodb";
import { isDatabaseAway } from "../../../../src/infra/mongo/away";

/** As the driver makes one, from what ended the writing of several documents. */
const bulk = (cause: object) => new MongoBulkWriteError(cause as never, {} as BulkWriteResult);

describe("whether the database is away", () => {
  it.each([
    ["a connection that was lost", new MongoNetworkError("closed"), true],
    ["one that was lost while several documents were written", bulk(new MongoNetworkError("closed")), true],
    ["a server that is just going", Object.assign(new MongoError("stepping down"), { code: 189 }), true],
    ["a connection to somebody else", Object.assign(new Error("reset"), { code: "ECONNRESET" }), false],
    ["documents that are there already", bulk({ code: 11_000, message: "duplicate", writeErrors: [] }), false],
    ["what the driver does not like", new MongoError("no"), false],
    ["a fault of our own", new Error("no"), false],
  ])("%s", (_, error, away) => {
    expect(isDatabaseAway(error)).toBe(away);
  });

  it("is, where the server says that the write may be repeated", () => {
    const error = new MongoError("not primary");
    error.addErrorLabel("RetryableWriteError");
    expect(isDatabaseAway(error)).toBe(true);
  });
});

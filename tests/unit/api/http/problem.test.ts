import { MongoBulkWriteError, MongoNetworkError, MongoServerError } from "mongodb";
import { problemOf } from "../../../../src/api/http";

const socketError = (code: string) =>
  Object.assign(new Error("This socket has been ended by the other party"), { code });

describe("what a caller sees of an error", () => {
  test.each([
    ["the socket of a server that was killed", socketError("EPIPE")],
    ["a connection that is refused", socketError("ECONNREFUSED")],
    ["a server that is not primary yet", new MongoServerError({ code: 10_107, errmsg: "not primary" })],
    [
      "a connection that was lost while several documents were written",
      new MongoBulkWriteError(new MongoNetworkError("closed") as never, {} as never),
    ],
  ])("%s is a store that does not answer at present", (_, error) => {
    expect(problemOf(error)).toMatchObject({ status: 503, code: "temporarily-unavailable" });
  });

  test("what is not understood tells nothing of the inside", () => {
    const problem = problemOf(new Error("secret of the house"));
    expect(problem).toMatchObject({ status: 500, code: "internal-error" });
    expect(JSON.stringify(problem.document())).not.toContain("secret");
  });
});

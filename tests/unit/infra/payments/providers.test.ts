import { paymentProviders, testProvider } from "../../../../src/infra/payments";

const request = (token: string) => ({ paymentId: "p", orderId: "o", amount: "14.15", currency: "GBP", token });

describe("the test provider", () => {
  const provider = testProvider();
  const ask = (token: string, key = "key-1") => provider.authorise(request(token), key);

  it.each([
    ["tok_approve", true],
    ["tok_approve_visa", true],
    ["tok_decline_fraud", true],
    ["tok_hang", true],
    ["tok_", false],
    ["my_tok_approve", false],
    ["", false],
  ])("knows its tokens: %s", (token, known) => {
    expect(provider.knows(token)).toBe(known);
  });

  it("approves under a reference that a repeated call is given again", async () => {
    const first = await ask("tok_approve");
    expect(first).toEqual({ status: "approved", providerReference: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(await testProvider().authorise(request("tok_approve"), "key-1")).toEqual(first);
    expect(await ask("tok_approve", "key-2")).not.toEqual(first);
  });

  it.each([
    ["tok_decline", "card declined"],
    ["tok_declined", "card declined"],
    ["tok_decline_", "card declined"],
    ["tok_decline_insufficient_funds", "insufficient funds"],
  ])("declines %s: %s", async (token, reason) => {
    expect(await ask(token)).toEqual({ status: "declined", reason });
  });

  it("leaves a hanging token unanswered", async () => {
    expect(await ask("tok_hang")).toEqual({ status: "pending" });
  });

  it("declines what it does not know", async () => {
    expect(await ask("4111 1111 1111 1111")).toEqual({ status: "declined", reason: "unknown token" });
  });
});

describe("payment providers", () => {
  const named = (name: string) => ({ ...testProvider(), name });
  const providers = paymentProviders([testProvider(), named("other")]);

  it("are found by name", () => {
    expect(providers.names).toEqual(["test", "other"]);
    expect(providers.get("other")?.name).toBe("other");
    expect(providers.get("third")).toBeUndefined();
  });

  it("know the tokens of their own", () => {
    expect(providers.knows({ method: "test", token: "tok_approve" })).toBe(true);
    expect(providers.knows({ method: "test", token: "x" })).toBe(false);
    expect(providers.knows({ method: "third", token: "tok_approve" })).toBe(false);
  });

  it("have names of their own that fit into a reference", () => {
    expect(() => paymentProviders([testProvider(), testProvider()])).toThrow("two payment providers named test");
    for (const name of ["", "a:b", "Test", "x".repeat(65)])
      expect(() => paymentProviders([named(name)])).toThrow("a payment provider's name is");
  });
});

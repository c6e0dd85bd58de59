import { type AuthoriseResult, type PaymentProvider } from "../../domains/payment/provider";
import { deriveId } from "../runtime/ids";

/** What a token makes the provider answer: `tok_approve…`, `tok_decline…`, `tok_hang…`. */
const TOKEN = /^tok_(approve|decline|hang)(.*)$/s;

/**
 * A provider for trying every path without money. It answers by the token: `tok_approve…` is approved, `tok_decline…`
 * declined for the reason that the rest of the token says (`tok_decline_insufficient_funds`), and `tok_hang…` never
 * answered. It remembers nothing: its references derive from the idempotency key, so that a repeated call is given
 * the first answer, also after a restart.
 */
export function testProvider(): PaymentProvider {
  return {
    name: "test",
    knows: (token) => TOKEN.test(token),
    authorise: ({ token }, idempotencyKey) => Promise.resolve(answer(token, idempotencyKey)),
    capture: () => Promise.resolve(),
    void: () => Promise.resolve(),
    refund: () => Promise.resolve(),
  };
}

function answer(token: string, idempotencyKey: string): AuthoriseResult {
  const [, verb, rest = ""] = TOKEN.exec(token) ?? [];
  switch (verb) {
    case "approve":
      return { status: "approved", providerReference: deriveId("test-payment", idempotencyKey) };
    case "decline":
      return { status: "declined", reason: inWords(rest) || "card declined" };
    case "hang":
      return { status: "pending" };
    default:
      return { status: "declined", reason: "unknown token" };
  }
}

/** `_insufficient_funds` → `insufficient funds`; nothing where the rest is no part of its own (`tok_declined`). */
const inWords = (rest: string): string => (rest.startsWith("_") ? rest.replaceAll("_", " ").trim() : "");

import { type Html, markup, page, prose } from "./html";
import { type ProblemKind } from "./openapi-problems";
import { problemTitle, problemType } from "./problem";

/** What to make of the problems that every route may have; those of the business speak for themselves. */
const ADVICE: Readonly<Record<string, string>> = {
  "api-key-required":
    "Send an API key, as `Authorization: Bearer` or `X-API-Key`, or an access token of the identity provider.",
  "body-too-large": "The answer names the limit in bytes as `limit`. Bulk commands can be sent in parts.",
  contention:
    "Many writers changed the same thing at once, and nothing was done. Send the request again after `Retry-After`.",
  "gateway-timeout":
    "A store or a service did not answer in time. Nothing is known about the outcome. A command with an `Idempotency-Key` can be sent again.",
  "idempotency-key-reused":
    "The key in `Idempotency-Key` stands for another request of yours. A new command needs a new key.",
  "internal-error":
    "Nothing is known about the outcome. A command with an `Idempotency-Key` can be sent again. `correlationId` finds the cause in our logs.",
  "invalid-api-key": "The API key is not one of ours, or was taken back.",
  "invalid-body": "`errors` names each field at fault by its path. Unknown fields are refused too.",
  "invalid-header": "`errors` names the header at fault.",
  "invalid-query": "`errors` names each field of the query at fault. Unknown fields are refused too.",
  "invalid-shopper-token": "The token is not one that this shop gave. Making a cart without a token gives a new one.",
  "invalid-token":
    "The access token has expired, is not meant for this shop, or is not one of the shop's identity provider.",
  "issuer-unavailable":
    "Whether the access token is good cannot be told, as its issuer does not answer. Send the request again after `Retry-After`.",
  "malformed-json": "The body is not JSON in UTF-8.",
  "malformed-url": "A `%` in the path begins no valid escape.",
  "method-not-allowed": "`Allow` names the methods that are possible at this address.",
  "missing-body": "Send a JSON body.",
  "newer-version-needed":
    "A newer version of the program has changed it, and this process cannot read that yet. Send the request again after `Retry-After`.",
  "not-acceptable": "`available` names what this address answers; `Accept` rules it out.",
  "not-found": "It does not exist, or it is somebody else's: no difference is made.",
  "read-model-behind": "What you wrote is safe, but cannot be read yet. Read again after `Retry-After`.",
  "role-required": "Who calls is known, but has none of the roles in `required`.",
  "scope-required": "The API key has the role, but may only look: it lacks the scope in `required`.",
  "shopper-token-expired":
    "The token has not been used for too long. A new cart can begin with the articles of the old one: see `itemsOf` of " +
    "`POST /store/v1/carts`, with the token that has expired.",
  "shopper-token-required": "Send the token that making the cart gave, as `Authorization: Bearer` or `Shopper-Token`.",
  "stale-revision": "It was changed since you read it. Read it again, and decide anew with its new `ETag`.",
  "temporarily-unavailable": "A store does not answer at present. Send the request again after `Retry-After`.",
  "unknown-route": "There is nothing at this address. `/docs` lists what there is.",
  "unsupported-content-encoding": "Send the body without a content encoding.",
  "unsupported-media-type": "Send the body as `application/json` in UTF-8.",
};

/** Beyond so many, the operations that can answer with a problem are not listed: it can happen anywhere. */
const MOST_OPERATIONS = 30;

/** The page of every problem, or of one. */
export function problemsPage(kinds: readonly ProblemKind[], title: string): string {
  const navigation = markup`<p><b>Problems</b></p>
    <p><a href="/docs">API</a> · <a href="/problems">all problems</a></p>
    <ul>
      ${kinds.map(({ code }) => markup`<li><a href="/problems/${code}">${code}</a></li> `)}
    </ul>`;
  const content = markup`<h1>${title}</h1>
    <p>
      Errors are problem details (RFC 9457). Programs go by <code>code</code> or <code>type</code>, which never change.
    </p>
    ${kinds.map(section)}`;
  return page(title, navigation, content);
}

function section({ code, statuses, routes }: ProblemKind): Html {
  const advice = ADVICE[code];
  const listed = routes.length <= MOST_OPERATIONS ? routes : [];
  return markup`<section id="${code}">
    <h3>${problemTitle(code)}</h3>
    <p><code>${code}</code> · HTTP ${statuses.join(" or ")} · <span class="quiet">${problemType(code)}</span></p>
    ${advice === undefined ? "" : markup`<p>${prose(advice)}</p> `}${
      listed.length === 0
        ? ""
        : markup`<p class="quiet">
            Answered by
            ${listed.map(
              ({ operationId, summary }, index) =>
                markup`${index > 0 ? ", " : ""}<a href="/docs#${operationId}" title="${summary}">${operationId}</a>`,
            )}.
          </p> `
    }
  </section> `;
}

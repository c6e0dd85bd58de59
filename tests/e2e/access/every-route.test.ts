import { Pool } from "undici";
import { accessOf, documentationRoutes, type Route } from "../../../src/api/http";
import { describedRoutes } from "../../../src/engine/routes";
import { type Role, ROLES } from "../../../src/infra/security";
import { startIssuer, type TestIssuer } from "../../support/issuer";
import { startTestShop, type TestShop } from "../../support/shop";

/* Every route, called as nobody and as every role by each kind of credential, against what the routes say of themselves. */

const described = Object.values(describedRoutes()).flat();
const routes = [...described, ...documentationRoutes(described)];

interface As {
  readonly name: string;
  readonly role: Role | "nobody";
  readonly headers: Readonly<Record<string, string>>;
}

let shop: TestShop;
let issuer: TestIssuer;
let pool: Pool;
let callers: readonly As[];

beforeAll(async () => {
  issuer = await startIssuer();
  const oidc = { issuer: issuer.url, audience: issuer.audience, rolesClaim: "roles" };
  shop = await startTestShop({ oidc });
  pool = new Pool(shop.url, { connections: 8 });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const byToken = ROLES.map(async (role): Promise<As> => {
    const token = await issuer.token({ sub: `a-${role}`, roles: [role], exp: Math.floor(Date.now() / 1_000) + 3_600 });
    return { name: `${role} by access token`, role, headers: bearer(token) };
  });
  const byKey = ROLES.filter((role) => role !== "customer").map(async (role): Promise<As> => {
    return { name: `${role} by API key`, role, headers: { "X-API-Key": await shop.keys.create(role, [role]) } };
  });
  const shopper = shop.services.tokens.issue("0b3f7c1e-52a4-4f4b-9b3a-6d8a2f0c7e11");
  callers = [
    { name: "nobody", role: "nobody", headers: {} },
    { name: "customer by shopper token", role: "customer", headers: bearer(shopper) },
    ...(await Promise.all([...byToken, ...byKey])),
  ];
});
afterAll(async () => {
  await pool.destroy();
  await shop.stop();
  await issuer.stop();
});

type Verdict = "let in" | "not known" | "not allowed";

function expected({ security }: Route, { role }: As): Verdict {
  const { anyone, roles } = accessOf(security);
  if (anyone === true) return "let in";
  if (role === "nobody") return "not known";
  return roles.includes(role) ? "let in" : "not allowed";
}

/** Ids that nothing has: who is let in finds nothing, or sent too little, and changes nothing. */
async function verdict({ method, path }: Route, { headers }: As): Promise<Verdict> {
  const { statusCode, body } = await pool.request({
    method,
    path: path.replace(/:\w+/g, "nothing"),
    // A page of elsewhere: what is open to this machine's own requests is not open to it.
    headers: { Origin: "https://elsewhere.example", ...headers },
  });
  body.on("error", () => undefined);
  if (statusCode === 200) body.destroy();
  else await body.dump();
  expect(statusCode).not.toBe(500);
  return statusCode === 401 ? "not known" : statusCode === 403 ? "not allowed" : "let in";
}

test("each route lets in whom it says, and nobody else", async () => {
  const wrong = await Promise.all(
    callers.map(async (caller) => {
      const found: string[] = [];
      for (const route of routes) {
        const [is, should] = [await verdict(route, caller), expected(route, caller)];
        if (is !== should)
          found.push(`${route.method} ${route.path} as ${caller.name}: ${is}, but should be ${should}`);
      }
      return found;
    }),
  );
  expect(wrong.flat()).toEqual([]);
});

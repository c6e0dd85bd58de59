import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** Claims as a test wants them, right or wrong. */
export type Claims = Readonly<Record<string, unknown>>;

/** An OpenID Connect issuer on loopback, with real keys. */
export interface TestIssuer {
  /** As `OIDC_ISSUER` names it. */
  readonly url: string;
  readonly audience: string;
  /** Requests for its keys so far. */
  readonly asked: () => number;
  /** A good token with these claims; standard ones can be replaced, and left out with `undefined`. */
  token(claims?: Claims, options?: { readonly kid?: string }): Promise<string>;
  /** The public key that signs now, as it is listed. */
  publicKey(): JWK;
  /** From now on signs with a new key, and lists it; the old ones too where they are to be kept. */
  rotate(options?: { readonly keepOld?: boolean }): Promise<void>;
  /** Whether it answers. */
  setUp(up: boolean): void;
  stop(): Promise<void>;
}

interface SigningKey {
  readonly jwk: JWK;
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
}

async function newKey(kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" }, privateKey };
}

/** Call it in `beforeAll`, `stop` in `afterAll`. */
export async function startIssuer(audience = "millrace"): Promise<TestIssuer> {
  let keys = [await newKey("key-1")];
  let number = 1;
  let up = true;
  let asked = 0;
  const server = createServer((request, response) => {
    if (!up) return void response.writeHead(503).end();
    const json = (body: unknown) => response.setHeader("Content-Type", "application/json").end(JSON.stringify(body));
    if (request.url === "/.well-known/openid-configuration") return void json({ issuer: url, jwks_uri: `${url}/keys` });
    if (request.url !== "/keys") return void response.writeHead(404).end();
    asked++;
    json({ keys: keys.map(({ jwk }) => jwk) });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signing = (): SigningKey => keys[0] as SigningKey;

  return {
    url,
    audience,
    asked: () => asked,
    publicKey: () => signing().jwk,
    async token(claims = {}, { kid } = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const standard = { iss: url, aud: audience, sub: "user-1", iat: now, exp: now + 300 };
      const { jwk, privateKey } = signing();
      return new SignJWT({ ...standard, ...claims } as JWTPayload)
        .setProtectedHeader({ alg: "ES256", kid: kid ?? (jwk.kid as string) })
        .sign(privateKey);
    },
    async rotate({ keepOld = false } = {}) {
      const key = await newKey(`key-${++number}`);
      keys = keepOld ? [key, ...keys] : [key];
    },
    setUp: (value) => (up = value),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/* global performance, fetch */

export const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

let sent = 0;

/** Sends requests for so many seconds, so many at once. @returns how long each took, in ms */
export async function load(pool, requestOf, atOnce, seconds) {
  const times = [];
  const until = performance.now() + seconds * 1000;
  const work = async () => {
    while (performance.now() < until) {
      const request = requestOf(sent++);
      const before = performance.now();
      const { statusCode, body } = await pool.request(request);
      await body.dump();
      if (statusCode >= 300) throw new Error(`${request.method} ${request.path} answered ${statusCode}`);
      times.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return times;
}

/** A new shopper's cart with one article in it, and the requests that change it. */
export async function openCart(url) {
  const json = async (method, path, headers, body) => {
    const answer = await fetch(url + path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const listed = await json("GET", "/store/v1/products?inStock=true&limit=1", {});
  const [{ sku, slug }] = listed.items;
  const { id, shopperToken } = await json(
    "POST",
    "/store/v1/carts",
    {},
    JSON.stringify({ currency: "GBP", country: "GB" }),
  );
  const headers = { authorization: `Bearer ${shopperToken}` };
  await json("POST", `/store/v1/carts/${id}/items`, headers, JSON.stringify({ sku, quantity: 1 }));
  const change = (n) => ({
    method: "PUT",
    path: `/store/v1/carts/${id}/email`,
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ email: `shopper+${n}@example.com` }),
  });
  return { id, slug, headers, change };
}

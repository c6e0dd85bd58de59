export interface Welcome {
  readonly url: string;
  /** Shown on a development shop only. */
  readonly developmentKey?: string;
  readonly milliseconds: number;
}

/** What a ready shop says: where it is, and a few commands that work when pasted. */
export function welcome({ url, developmentKey, milliseconds }: Welcome): string {
  const key = developmentKey ?? "$ADMIN_API_KEY";
  return `
Millrace is ready at ${url} (${(milliseconds / 1000).toFixed(1)} s). Ctrl-C stops it; its data stays.

  Find something
    curl -s '${url}/store/v1/products?q=heart&limit=3'
  Open a cart; the answer has its id and the shopper's token
    curl -s ${url}/store/v1/carts -H 'Content-Type: application/json' -d '{"currency":"GBP","country":"GB"}'
  See the orders
    curl -s ${url}/admin/v1/orders -H 'X-API-Key: ${key}'
  Add up the sales
    curl -s '${url}/analytics/v1/feeds/order-lines/summary?groupBy=month'

Every route is described at ${url}/docs
${developmentKey === undefined ? "" : `The development key of the back office: ${developmentKey}\n`}
`;
}

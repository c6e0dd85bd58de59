import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { contentOf, JSON_HEADERS, type ShopClient, ShopUnreachable } from "./client";
import { reflecting } from "./shopper";

/** What became of one entry of a bulk request. */
export interface EntryResult {
  readonly index: number;
  readonly status: "accepted" | "refused";
  readonly id?: string;
  readonly problem?: { readonly status: number; readonly code: string; readonly detail: string };
}

interface BulkAnswer {
  readonly results: readonly EntryResult[];
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface BulkOutcome {
  /** In the order of the entries. */
  readonly results: readonly EntryResult[];
  /** A read that carries it sees what was done. */
  readonly token: string | undefined;
}

/** Entries in one bulk request. */
const CHUNK = 500;
/** An entry that found the shop without its stores is sent again after so many ms. */
const AGAIN = 500;

/** The back office of a shop, with an API key. */
export class BackOffice {
  private readonly authorization: readonly string[];

  constructor(
    private readonly client: ShopClient,
    key: string,
    /** How long entries that the shop cannot take at present are sent again, in ms. */
    private readonly patience: number,
  ) {
    this.authorization = ["X-API-Key", key];
  }

  get<T>(path: string, token?: string): Promise<T> {
    const headers = [...this.authorization, ...reflecting(token)];
    return this.client.json<T>({ method: "GET", path, kind: "back office", headers });
  }

  /** Lines of an answer that has one JSON text a line. */
  async rows<T>(path: string): Promise<readonly T[]> {
    const answer = await this.client.done({ method: "GET", path, kind: "back office", headers: this.authorization });
    const text = answer.body.toString("utf8");
    return text === "" ? [] : (JSON.parse(`[${text.trimEnd().replaceAll("\n", ",")}]`) as T[]);
  }

  /** All items of a list, page by page. */
  async *all<T>(path: string, token?: string): AsyncGenerator<T> {
    const separator = path.includes("?") ? "&" : "?";
    for (let cursor: string | null | undefined = undefined; cursor !== null;) {
      const at: string = cursor === undefined ? path : `${path}${separator}cursor=${cursor}`;
      const page: Page<T> = await this.get<Page<T>>(at, token);
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  /**
   * Sends entries in bulk. The key of each request follows from `name` and what is sent: what was sent before, also by
   * another start of the program, is not done again.
   */
  async bulk(
    what: "products" | "prices" | "stock",
    name: string,
    entries: readonly object[],
    progress?: (done: number) => void,
  ): Promise<BulkOutcome> {
    const results: EntryResult[] = [];
    let token: string | undefined;
    for (let from = 0; from < entries.length; from += CHUNK) {
      const outcome = await this.chunk(what, name, entries.slice(from, from + CHUNK));
      results.push(...outcome.results.map((result) => ({ ...result, index: from + result.index })));
      token = outcome.token ?? token;
      progress?.(results.length);
    }
    return { results, token };
  }

  private async chunk(what: string, name: string, entries: readonly object[]): Promise<BulkOutcome> {
    const body = JSON.stringify({ entries });
    const key = `${name} ${createHash("sha1").update(body).digest("hex")}`;
    const headers = [...this.authorization, ...JSON_HEADERS, "Idempotency-Key", key];
    const path = `/admin/v1/bulk/${what}`;
    const deadline = performance.now() + this.patience;
    for (;;) {
      const answer = await this.client.done({ method: "POST", path, kind: "back office", headers, body });
      const { results } = contentOf<BulkAnswer>(answer);
      const passing = results.find(
        ({ problem }) => problem && (problem.status >= 500 || problem.code === "contention"),
      );
      if (passing === undefined) return { results, token: answer.token };
      if (performance.now() > deadline)
        throw new ShopUnreachable(`The shop could not take all of POST ${path}: ${passing.problem?.detail ?? ""}`);
      this.client.figures.repeat(String(passing.problem?.status));
      await sleep(AGAIN);
    }
  }
}

import { Agent, request } from "undici";
import { eventually } from "./eventually";

/** A server-sent event. */
export interface Told {
  readonly event: string;
  readonly id: string;
  // What an event holds is what a test is about to find out.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly data: any;
}

/** Listens to server-sent events on a connection of its own. Close it. */
export class Listener {
  readonly told: Told[] = [];
  /** Whether the other side has ended it. */
  ended = false;
  private constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    private readonly agent: Agent,
  ) {}

  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Listener> {
    const agent = new Agent({ bodyTimeout: 0 });
    const answer = await request(url, { dispatcher: agent, headers: { Accept: "text/event-stream", ...headers } });
    const listener = new Listener(answer.statusCode, answer.headers, agent);
    void listener.read(answer.body);
    return listener;
  }

  get last(): Told | undefined {
    return this.told.at(-1);
  }

  /** Waits for an event such as wanted, of those that come or have come. */
  until(wanted: (told: Told) => boolean): Promise<Told> {
    return eventually(() => this.told.find(wanted));
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async read(body: AsyncIterable<Buffer>): Promise<void> {
    let text = "";
    try {
      for await (const chunk of body) {
        const pieces = (text + chunk.toString()).split("\n\n");
        text = pieces.pop() ?? "";
        for (const piece of pieces) {
          const fields = Object.fromEntries(piece.split("\n").map((line) => line.split(/: (.*)/s, 2)));
          if (fields["event"]) this.told.push({ event: fields["event"], id: fields["id"], data: JSON.parse(fields["data"]) }); // prettier-ignore
        }
      }
    } catch {
      // Closed by the test.
    }
    this.ended = true;
  }
}

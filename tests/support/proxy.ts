import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/**
 * How a connection ends: in good order, by a reset, in the midst of an answer after others got lost, or without a word:
 * nothing passes any more, and nobody is told.
 */
export type Cut = "end" | "reset" | "midway" | "silence";

/** Sees what passes on one connection, and decides whether it does. */
export interface Inspector {
  fromClient(chunk: Buffer): boolean;
  fromServer(chunk: Buffer): boolean;
}

export interface ProxyOptions {
  /** Called for each connection. */
  readonly inspect?: () => Inspector;
}

/** For so long at most the server's answers get lost before a connection is cut midway, in ms. */
const MIDWAY = 100;

/**
 * Stands between clients and a server on this machine, and does to their connections what networks do. What it passes
 * on are the bytes that came, in order.
 */
export class Proxy {
  private readonly passages = new Set<Passage>();
  /** The proxy's own connections: in a stall they outlive the client's. */
  private readonly toServer = new Set<Socket>();
  private refusing = false;
  private muting = false;
  private readonly weather: Weather = { stalled: false, latency: 0, bandwidth: Infinity };

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
    private readonly options: ProxyOptions,
  ) {
    server.on("connection", (client) => this.accept(client));
  }

  /** @param url of the server; only its host and port are of interest */
  static async to(url: string, options: ProxyOptions = {}): Promise<Proxy> {
    const { hostname, port } = new URL(url);
    const proxy = new Proxy(createServer(), { host: hostname, port: Number(port) }, options);
    await new Promise<void>((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /**
   * The server's URL by way of here, with settings of the client. MongoDB's driver must ask no member of the set for the
   * way: that leads past here.
   */
  through(url: string, settings: Readonly<Record<string, number>> = {}): string {
    const way = new URL(url);
    for (const [name, value] of Object.entries(settings)) way.searchParams.set(name, String(value));
    const { port } = this.server.address() as AddressInfo;
    if (way.protocol === "mongodb:") {
      way.searchParams.delete("replicaSet");
      way.searchParams.set("directConnection", "true");
    }
    return way.href.replace(way.host, `127.0.0.1:${port}`);
  }

  /** How many connections there are. */
  get open(): number {
    return this.passages.size;
  }

  /**
   * How many of them have not ended without a word. Of those that have, some may stay for long: clients know of what they
   * use, and not of what they have made to no purpose.
   */
  get sound(): number {
    return [...this.passages].filter(({ silent }) => !silent).length;
  }

  /** Ends every connection. @returns how many there were */
  cut(how: Cut = "reset"): number {
    const { open } = this;
    for (const passage of this.passages) passage.cut(how);
    return open;
  }

  /** Ends the connection that was opened last. */
  cutLast(how: Cut): void {
    [...this.passages].at(-1)?.cut(how);
  }

  /** Ends every connection and takes no new ones, as a machine without the server does, until told otherwise. */
  refuse(refusing: boolean): void {
    this.refusing = refusing;
    if (refusing) this.cut();
  }

  /** New connections are made, and nothing ever passes on them, until told otherwise: then on newer ones. */
  mute(muting: boolean): void {
    this.muting = muting;
  }

  /** Passes nothing on and says nothing, as a network does that drops packets, until told otherwise. */
  stall(stalled: boolean): void {
    this.weather.stalled = stalled;
    for (const passage of this.passages) passage.weatherChanged();
  }

  /** From now on everything takes so many ms longer, each way, and no more than so many bytes a second pass. */
  slow(latency: number, bandwidth = Infinity): void {
    this.weather.latency = latency;
    this.weather.bandwidth = bandwidth;
  }

  async close(): Promise<void> {
    this.cut("end");
    for (const socket of this.toServer) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.on("error", () => undefined).resetAndDestroy();
      return;
    }
    const { host, port } = this.target;
    const server = connect(port, host);
    this.toServer.add(server);
    server.once("close", () => this.toServer.delete(server));
    const passage = new Passage(client, server, this.weather, this.options.inspect?.());
    this.passages.add(passage);
    passage.closed = () => this.passages.delete(passage);
    if (this.muting) passage.cut("silence");
  }
}

interface Weather {
  stalled: boolean;
  latency: number;
  bandwidth: number;
}

/** A client's connection, and the proxy's own one to the server. */
class Passage {
  closed: () => void = () => undefined;
  private readonly lanes: readonly Lane[];
  /** Answers get lost, but for half of the next: the server does what it is told, and nobody hears of it. */
  private deaf = false;
  private torn = false;
  silent = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    weather: Weather,
    inspector: Inspector | undefined,
  ) {
    const isSilent = () => this.silent;
    this.lanes = [
      new Lane(client, server, weather, isSilent, true, (chunk) =>
        (inspector?.fromClient(chunk) ?? true) ? chunk : undefined,
      ),
      new Lane(server, client, weather, isSilent, false, (chunk) => {
        if (!(inspector?.fromServer(chunk) ?? true)) return undefined;
        if (!this.deaf) return chunk;
        if (this.torn) return undefined;
        this.torn = true;
        return chunk.subarray(0, chunk.length >> 1);
      }),
    ];
    client.on("close", () => this.closed());
  }

  cut(how: Cut): void {
    if (how === "silence") {
      this.silent = true;
      this.client.resume();
      this.server.resume();
      return;
    }
    if (how !== "midway" || this.deaf) return this.destroy(how);
    this.deaf = true;
    const timer = setTimeout(() => this.destroy("reset"), MIDWAY * Math.random());
    this.server.once("close", () => clearTimeout(timer));
  }

  weatherChanged(): void {
    for (const lane of this.lanes) lane.pump();
  }

  private destroy(how: Cut): void {
    for (const socket of [this.client, this.server]) {
      if (how === "end") socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

/** One direction of a connection: what has come and is to go on at its time. */
class Lane {
  private readonly queue: { readonly chunk: Buffer | undefined; readonly due: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** When the last of it will have passed. */
  private busyUntil = 0;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly weather: Weather,
    private readonly isSilent: () => boolean,
    /** From the client to the server: a client that has gone is not hidden from the server. */
    isClients: boolean,
    private readonly pass: (chunk: Buffer) => Buffer | undefined,
  ) {
    from.setNoDelay(true);
    from.on("data", (chunk: Buffer) => this.take(chunk));
    from.on("end", () => this.take(undefined));
    from.on("error", () => undefined);
    // What ended in good order is passed on to its end; anything else ends the other side at once.
    from.on("close", () => {
      if (isSilent() ? isClients : !from.readableEnded) to.destroy();
    });
    to.on("drain", () => this.pump());
  }

  /** Passes on what is due. */
  pump(): void {
    clearTimeout(this.timer);
    const now = Date.now();
    for (let [next] = this.queue; next && !this.holdsBack(); [next] = this.queue) {
      if (next.due > now) {
        this.timer = setTimeout(() => this.pump(), next.due - now);
        break;
      }
      this.queue.shift();
      if (!next.chunk) this.to.end();
      else if (!this.to.destroyed) this.write(next.chunk);
    }
    if (this.queue.length > 0 && this.holdsBack()) this.from.pause();
    else this.from.resume();
  }

  private take(chunk: Buffer | undefined): void {
    if (this.isSilent()) return; // read it must be, or nobody would notice that the sender has gone
    this.queue.push({ chunk, due: this.dueAfter(chunk?.length ?? 0) });
    this.pump();
  }

  private dueAfter(bytes: number): number {
    const { latency, bandwidth } = this.weather;
    if (latency === 0 && bandwidth === Infinity) return 0;
    this.busyUntil = Math.max(Date.now(), this.busyUntil) + (bytes / bandwidth) * 1_000;
    return this.busyUntil + latency;
  }

  /** Who takes nothing is sent nothing. */
  private holdsBack(): boolean {
    return this.weather.stalled || this.to.writableNeedDrain;
  }

  private write(chunk: Buffer): void {
    const passing = this.pass(chunk);
    if (passing) this.to.write(passing);
  }
}

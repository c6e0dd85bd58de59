/** What the official Node client does not offer, over its generated message classes. */
import { credentials as channel, Metadata, type ClientReadableStream, type ServiceError } from "@grpc/grpc-js";
import { GossipClient } from "@eventstore/db-client/generated/gossip_grpc_pb";
import { MonitoringClient } from "@eventstore/db-client/generated/monitoring_grpc_pb";
import { OperationsClient } from "@eventstore/db-client/generated/operations_grpc_pb";
import { PersistentSubscriptionsClient } from "@eventstore/db-client/generated/persistent_grpc_pb";
import { ServerFeaturesClient } from "@eventstore/db-client/generated/serverfeatures_grpc_pb";
import { Empty } from "@eventstore/db-client/generated/shared_pb";
import { StreamsClient } from "@eventstore/db-client/generated/streams_grpc_pb";
import { ReadReq, type ReadResp } from "@eventstore/db-client/generated/streams_pb";
import { UsersClient } from "@eventstore/db-client/generated/users_grpc_pb";

const CLIENTS = {
  streams: StreamsClient,
  persistent: PersistentSubscriptionsClient,
  operations: OperationsClient,
  users: UsersClient,
  gossip: GossipClient,
  monitoring: MonitoringClient,
  features: ServerFeaturesClient,
} as const;

/** A client of one service of the server at an `esdb://` URL without TLS. */
export function service<Name extends keyof typeof CLIENTS>(
  name: Name,
  url: string,
): InstanceType<(typeof CLIENTS)[Name]> {
  const { host } = new URL(url.replace(/^esdb/, "http"));
  return new CLIENTS[name](host, channel.createInsecure()) as InstanceType<(typeof CLIENTS)[Name]>;
}

export const basic = (user: string, password: string): Metadata => {
  const metadata = new Metadata();
  metadata.set("authorization", `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`);
  return metadata;
};

/** A unary call as a promise. */
export const call = <Request, Response>(
  method: (
    request: Request,
    metadata: Metadata,
    callback: (error: ServiceError | null, response: Response) => void,
  ) => unknown,
  request: Request,
  metadata = new Metadata(),
): Promise<Response> =>
  new Promise((resolve, reject) => {
    method(request, metadata, (error, response) => (error ? reject(error) : resolve(response)));
  });

export async function messages<T>(stream: ClientReadableStream<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const message of stream) found.push(message as T);
  return found;
}

interface FilteredRead {
  readonly on: "stream" | "type";
  readonly prefixes?: readonly string[];
  readonly regex?: string;
  readonly backwards?: boolean;
  readonly count?: number;
  /** Ids as two numbers instead of text, as the .NET client asks for them. */
  readonly structuredIds?: boolean;
}

/** Streams.Read of `$all` with a filter. Answers all messages, as they come. */
export async function readAllFiltered(url: string, request: FilteredRead): Promise<ReadResp[]> {
  const { on, prefixes = [], regex, backwards = false, count = 10_000, structuredIds = false } = request;
  const expression = new ReadReq.Options.FilterOptions.Expression();
  if (regex !== undefined) expression.setRegex(regex);
  expression.setPrefixList([...prefixes]);
  const filter = new ReadReq.Options.FilterOptions();
  if (on === "stream") filter.setStreamIdentifier(expression);
  else filter.setEventType(expression);
  filter.setMax(32);
  filter.setCheckpointintervalmultiplier(1);
  const from = new ReadReq.Options.AllOptions();
  if (backwards) from.setEnd(new Empty());
  else from.setStart(new Empty());
  const options = new ReadReq.Options();
  options.setAll(from);
  options.setReadDirection(backwards ? 1 : 0);
  options.setCount(String(count));
  options.setFilter(filter);
  const ids = new ReadReq.Options.UUIDOption();
  options.setUuidOption(structuredIds ? ids.setStructured(new Empty()) : ids.setString(new Empty()));
  options.setControlOption(new ReadReq.Options.ControlOption().setCompatibility(1));
  const streams = service("streams", url);
  try {
    return await messages(streams.read(new ReadReq().setOptions(options)));
  } finally {
    streams.close();
  }
}

/** The `n` of the events among the answers. */
export const numbersOf = (answers: readonly ReadResp[]): number[] =>
  answers
    .filter((answer) => answer.hasEvent())
    .map((answer) => {
      const data = Buffer.from(answer.getEvent()?.getEvent()?.getData_asU8() ?? []);
      return (JSON.parse(data.toString("utf8")) as { n: number }).n;
    });

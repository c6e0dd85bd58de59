import { isDeepStrictEqual } from "node:util";
import { MongoClient, type Db, type Document } from "mongodb";
import { eventually } from "../../support/eventually";
import { type Client } from "./client";

/** A read model, feed, process or reaction as the operations API shows it. */
export interface Work {
  readonly name: string;
  readonly context: string;
  readonly kind: "projection" | "feed" | "process" | "reaction";
  readonly state: string;
  readonly checkpoint: string;
  readonly error: { readonly message: string } | null;
  readonly rebuild: object | null;
}

/** Whether it can be rebuilt. */
export const isReadModel = ({ kind }: Work): boolean => kind === "projection" || kind === "feed";

interface Pointer {
  readonly _id: string;
  readonly active: string;
  readonly building?: string;
  readonly previous?: string;
}

const PATIENCE = 60_000;

export interface Rebuilt {
  readonly client: Client;
  readonly mongoUrl: string;
  readonly prefix: string;
  /** Position of the newest event of the shop. */
  readonly end: bigint;
}

/**
 * Builds every read model anew from the log and holds the result against what was built while processes were killed:
 * the same documents with the same content, the same indexes.
 */
export async function faultsOfRebuild({ client, mongoUrl, prefix, end }: Rebuilt): Promise<string[]> {
  const works = await eventually(async () => {
    const all = await readModels(client);
    for (const work of all)
      if (work.error || work.rebuild || work.state !== "live" || BigInt(work.checkpoint) < end)
        throw new Error(`not level with ${end}: ${JSON.stringify(work)}`);
    return all;
  }, PATIENCE);
  const mongo = await new MongoClient(mongoUrl, { useBigInt64: true }).connect();
  try {
    const faults = await Promise.all(
      works.map(async ({ context, name }) => {
        const database = mongo.db(`${prefix}_${context}`);
        const before = await pointerOf(database, name);
        const answer = await client.ask("POST", `/operations/v1/projections/${context}.${name}/rebuild`);
        if (answer.status !== 202) return [`${context}.${name} cannot be rebuilt: ${JSON.stringify(answer.body)}`];
        const after = await eventually(async () => {
          const pointer = await pointerOf(database, name);
          if (pointer.active === before.active || pointer.building !== undefined)
            throw new Error(`${context}.${name} is still being rebuilt: ${JSON.stringify(pointer)}`);
          return pointer;
        }, PATIENCE);
        if (after.previous !== before.active) return [`${context}.${name} forgot ${before.active} as its previous`];
        return differences(database, `${context}.${name}`, before.active, after.active);
      }),
    );
    return faults.flat();
  } finally {
    await mongo.close();
  }
}

async function readModels(client: Client): Promise<readonly Work[]> {
  const { body } = await client.ask("GET", "/operations/v1/projections");
  return (body.items as readonly Work[]).filter(isReadModel);
}

async function pointerOf(database: Db, name: string): Promise<Pointer> {
  const pointer = await database.collection<Pointer>("read_models").findOne({ _id: name });
  if (!pointer) throw new Error(`${database.databaseName} has no read model ${name}`);
  return pointer;
}

async function differences(database: Db, name: string, old: string, anew: string): Promise<string[]> {
  const all = async (collection: string) => {
    const documents = await database.collection(collection).find().sort({ _id: 1 }).toArray();
    return new Map(documents.map((document) => [String(document._id), document]));
  };
  const [kept, built] = await Promise.all([all(old), all(anew)]);
  const differing = [...new Set([...kept.keys(), ...built.keys()])].filter(
    (id) => !isDeepStrictEqual(kept.get(id), built.get(id)),
  );
  const faults = differing.slice(0, 3).map((id) => {
    return `${name}: ${id} is ${shown(kept.get(id))} in ${old}, and ${shown(built.get(id))} when built anew`;
  });
  if (differing.length > 3) faults.push(`${name}: ${differing.length} of ${kept.size} documents differ`);
  const [indexes, others] = await Promise.all([old, anew].map((each) => indexesOf(database, each)));
  if (indexes !== others) faults.push(`${name}: indexes ${indexes} in ${old}, and ${others} when built anew`);
  return faults;
}

async function indexesOf(database: Db, collection: string): Promise<string> {
  const indexes = await database
    .collection(collection)
    .indexes()
    .catch(() => []);
  return JSON.stringify(indexes.map(({ name }) => name).sort());
}

const shown = (document: Document | undefined): string =>
  JSON.stringify(document, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))?.slice(0, 600) ??
  "missing";

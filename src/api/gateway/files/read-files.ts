import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { contentEtag } from "../../http";

/** A file that is served, ready in each packing. */
export interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly cacheControl: string;
  readonly plain: Buffer;
  readonly gzip: Buffer | undefined;
  readonly br: Buffer | undefined;
}

/** Files by the path that they are asked for under. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/** Bytes of all files together at most: they are held in memory. */
const MOST = 128 * 1024 * 1024;
/** Smaller files are not worth packing. */
const PACK_FROM = 1_024;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".xml": "application/xml",
  ".wasm": "application/wasm",
  ".ico": "image/x-icon",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".woff2": "font/woff2",
};
/** What is packed already. */
const PACKED = /^(?:image\/(?!svg)|font\/)/;

/** Names that say what is in the file, as bundlers make them: `main.3f9a0c2e.js`, `main-BqX3_7kd.css`. */
const HASHED = /[.-](?=[\w-]*\d)[\w-]{8,}\.\w+$/;
const FOREVER = "public, max-age=31536000, immutable";
const ASK_FIRST = "public, max-age=0, must-revalidate";

const gzipped = promisify(gzip);
const brotli = promisify(brotliCompress);

/**
 * Reads and packs the files of a folder. Names that begin with a dot are left out.
 * @throws when the folder cannot be read, or holds too much
 */
export async function readStaticFiles(folder: string): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let size = 0;
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    if (!entry.isFile() || path.includes("/.")) continue;
    size += (await stat(file)).size;
    if (size > MOST) throw new Error(`the files in ${folder} are more than ${MOST / 1024 / 1024} MiB`);
    const made = await staticFile(path, await readFile(file));
    files.set(path, made);
    if (path.endsWith("/index.html")) files.set(path.slice(0, -"index.html".length), made);
  }
  return files;
}

async function staticFile(path: string, plain: Buffer): Promise<StaticFile> {
  const type = TYPES[extname(path).toLowerCase()] ?? "application/octet-stream";
  const packs = plain.length >= PACK_FROM && !PACKED.test(type);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length };
  const [br, gz] = packs ? await Promise.all([brotli(plain, { params }), gzipped(plain, { level: 9 })]) : [];
  const smaller = (packed: Buffer | undefined) => (packed && packed.length < plain.length ? packed : undefined);
  return {
    type,
    etag: contentEtag(plain),
    cacheControl: HASHED.test(path) && !type.startsWith("text/html") ? FOREVER : ASK_FIRST,
    plain,
    gzip: smaller(gz),
    br: smaller(br),
  };
}

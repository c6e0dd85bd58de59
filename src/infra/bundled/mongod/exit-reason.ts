import { MongodError } from "./errors";
import { inUse } from "./folder-lock";
import type { DataFolder } from "./data-folder";
import type { Exit } from "./mongod-process";

/** mongod's exit codes that tell enough by themselves: https://www.mongodb.com/docs/manual/reference/exit-codes/ */
const NEEDS_OTHER_VERSION = 62;
const NET_ERROR = 48;
const FOLDER_LOCKED = 100;

export function isPortTaken(exit: Exit, log: string): boolean {
  return exit.code === NET_ERROR || log.includes("Address already in use");
}

/** Why a mongod ended before it was ready, in a sentence with what to do next. */
export function explainExit(exit: Exit, log: string, folder: DataFolder, version: string): MongodError {
  const { dir, logFile } = folder;
  if (exit.code === FOLDER_LOCKED && /DBPathInUse|Unable to lock the lock file/.test(log)) {
    return new MongodError(inUse(dir));
  }
  if (exit.code === NEEDS_OTHER_VERSION || /Wrong mongod version|UPGRADE PROBLEM|unsupported.*version/i.test(log)) {
    return new MongodError(
      `The data in ${dir} was written by a MongoDB that ${version} does not follow on: ` +
        "set MONGOD_BINARY to a mongod of the version that wrote it.",
    );
  }
  if (/ENOSPC|No space left/i.test(log)) return new MongodError(`The disk that holds ${dir} is full.`);
  const gravest = gravestMessage(log);
  if (/WiredTiger|WT_|checksum|corrupt|unclean|salvage|metadata|fassert/i.test(gravest)) {
    return new MongodError(
      `The MongoDB data in ${dir} is damaged (${gravest}): put a copy of it back, or move the folder away to begin anew; ` +
        `${logFile} says more.`,
    );
  }
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  return new MongodError(`mongod ${how} before it was ready${gravest ? ` (${gravest})` : ""}; ${logFile} says more.`);
}

/** The first fatal line, else the first error: what follows is mostly the consequence. */
function gravestMessage(log: string): string {
  const lines = log.split("\n");
  for (const severity of ["E", "F"]) {
    const line = lines.find((each) => each.includes(`"s":"${severity}"`));
    if (line) return messageOf(line);
  }
  return "";
}

/** mongod logs JSON: `msg` says what failed and `attr` holds the storage engine's own words, JSON again or text. */
function messageOf(line: string): string {
  let words = line;
  try {
    const { msg, attr } = JSON.parse(line) as { msg?: unknown; attr?: { message?: unknown; error?: unknown } };
    const detail = attr?.message ?? attr?.error;
    const inner = typeof detail === "object" && detail !== null ? (detail as { msg?: unknown }).msg : detail;
    words = String(typeof inner === "string" ? inner : msg);
  } catch {
    // Not JSON: the line itself is the message.
  }
  return words.replace(/\s+/g, " ").slice(0, 200);
}

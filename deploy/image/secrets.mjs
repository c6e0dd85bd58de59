import { readFileSync } from "node:fs";

/*
 * Loaded before the program. A setting can be in a file: MONGODB_URL_FILE=/run/secrets/url is as good as MONGODB_URL with
 * what the file says, and neither `docker inspect` nor a pod's description shows it.
 */
for (const [name, path] of Object.entries(process.env)) {
  const setting = /^([A-Z][A-Z0-9_]*)_FILE$/.exec(name)?.[1];
  if (setting === undefined || !path) continue;
  if (process.env[setting]) {
    console.error(`millrace: ${setting} and ${name} are both set: one of them must go.`);
    process.exit(1);
  }
  try {
    process.env[setting] = readFileSync(path, "utf8").trim();
    process.env[name] = ""; // what it starts itself has the setting already
  } catch (error) {
    console.error(`millrace: ${name}: ${error.message}`);
    process.exit(1);
  }
}

#!/usr/bin/env -S node --max-semi-space-size=64
import { Command, Option } from "commander";
import { type Flags } from "./cli/flags";
import { endSoon } from "./cli/process";

/* The command line. Each command's code is loaded when it is called for, so that `--help` answers at once. */

const program = new Command("millrace")
  .description("An event-sourced commerce engine: commands append events, projections build what readers see.")
  .version("0.1.0")
  .showHelpAfterError("(--help tells what can be said)")
  .configureHelp({ showGlobalOptions: true });

const port = new Option("--port <number>", "port to listen on (PORT; 8080)");
const host = new Option("--host <address>", "address to listen on (HOST; 127.0.0.1)");
const data = new Option("--data <folder>", "folder of the bundled stores (DATA_DIR; ./data)");
const eventstore = new Option("--eventstore <url>", "an EventStoreDB to use (EVENTSTORE_URL)");
const mongodb = new Option("--mongodb <url>", "a MongoDB replica set to use (MONGODB_URL)");

program
  .command("start", { isDefault: true })
  .description("the whole shop: stores (unless given), APIs, projection and process workers")
  .addOption(port)
  .addOption(host)
  .addOption(data)
  .addOption(eventstore)
  .addOption(mongodb)
  .option("--no-seed", "do not fill an empty shop with demo articles")
  .action(async (flags: Flags) => (await import("./cli/start.js")).start(flags));

program
  .command("serve")
  .description("a bounded context, or several: API, projections and processes, as a process of its own on given stores")
  .argument(
    "[context...]",
    "reference, catalog, pricing, inventory, cart, ordering, payment, storefront, privacy, analytics, operations",
  )
  .option("--no-work", "only the API, while projections and processes are worked on elsewhere (millrace work)")
  .addOption(port)
  .addOption(host)
  .addOption(eventstore)
  .addOption(mongodb)
  .action(async (contexts: string[], flags: Flags) => (await import("./cli/serve.js")).serve(contexts, flags));

program
  .command("work")
  .description("projection and process workers, as a process of their own on given stores")
  .argument("[projection...]", "names of read models, feeds or processes, or whole contexts; all when none is named")
  .option("--port <number>", "port for health and figures (PORT; any free one, which is printed)")
  .addOption(host)
  .addOption(eventstore)
  .addOption(mongodb)
  .action(async (names: string[], flags: Flags) => (await import("./cli/work.js")).work(names, flags));

program
  .command("gateway")
  .description("one address for services that run as processes of their own: routes, balances, keeps, protects")
  .addOption(port)
  .addOption(host)
  .addOption(new Option("--services <list>", "where the services are (GATEWAY_SERVICES; those registered in MongoDB)"))
  .addOption(new Option("--config <file>", "settings that SIGHUP reads again (GATEWAY_CONFIG)"))
  .addOption(mongodb)
  .action(async (flags: Flags) => (await import("./cli/gateway.js")).gateway(flags));

program
  .command("status")
  .description("the processes of the shop, how far their work is, and what is wrong; exit code 1 when anything is")
  .option("--watch", "look again every two seconds")
  .option("--json", "the report as JSON")
  .option("--key <key>", "API key of an operator (ADMIN_API_KEY; the development key of the data folder)")
  .addOption(data)
  .addOption(mongodb)
  .action(async (flags: Flags) => (await import("./cli/status.js")).status(flags));

program
  .command("eventstore")
  .description("the bundled event store alone, speaking EventStoreDB's protocol")
  .option("--port <number>", "port to listen on (2113)")
  .option("--host <address>", "address to listen on (127.0.0.1)")
  .option("--data <folder>", "folder of the log (./data/eventstore)")
  .option("--memory", "keep nothing on disk")
  .option("--no-fsync", "acknowledge before data is on disk: a power cut may lose acknowledged events")
  .option("--system-projections", "keep $ce-, $et- and $streams")
  .option("--tls-cert <file>", "certificate (PEM)")
  .option("--tls-key <file>", "its key (PEM)")
  .option("--insecure", "listen beyond loopback without TLS")
  .action(async (flags: Flags) => (await import("./cli/eventstore.js")).eventstore(flags));

program
  .command("import")
  .description("take over data from elsewhere")
  .command("online-retail")
  .argument("<file>", "online-retail.csv or .csv.gz (UCI Online Retail)")
  .description("a wholesaler's year of invoices as orders, credit notes and adjustments with their original times")
  .addOption(data)
  .addOption(eventstore)
  .addOption(mongodb)
  .action(async (file: string, flags: Flags) => (await import("./cli/import.js")).importFile(file, flags));

program
  .command("replay")
  .description("drive recorded trade through the front door of a running shop")
  .command("online-retail")
  .argument("<file>", "online-retail.csv or .csv.gz (UCI Online Retail)")
  .description("each sales invoice as a cart, its lines, address, payment and checkout over HTTP")
  .option("--url <url>", "the running shop (what runs on the data folder)")
  .option("--key <key>", "back-office API key (the development key of the data folder)")
  .option("--concurrency <number>", "shoppers at once", "16")
  .option("--invoices <number>", "how many invoices, from the first on (all)")
  .option("--run <name>", "name of this run: the same name goes on where it was left, another one begins anew", "first")
  .option("--json", "the report as JSON")
  .addOption(data)
  .action(async (file: string, flags: Flags) => (await import("./cli/replay.js")).replay(file, flags));

program
  .command("rebuild")
  .description("build read models anew from the log, while the shop goes on serving the present ones")
  .argument("<readModel...>", "names of read models and feeds, or all")
  .option("--compare", "compare what served before with what serves then, document by document")
  .option("--compare-only", "do not rebuild: compare what serves with what served before it")
  .option("--url <url>", "the running shop (what runs on the data folder)")
  .option("--key <key>", "API key of an operator (the development key of the data folder)")
  .option("--json", "the report as JSON")
  .addOption(data)
  .addOption(eventstore)
  .addOption(mongodb)
  .action(async (names: string[], flags: Flags) => (await import("./cli/rebuild.js")).rebuild(names, flags));

program
  .command("verify")
  .description("replay the log and compare it with all that is stored; exit code 1 when anything differs")
  .argument(
    "[readModel...]",
    "names of read models and feeds, or whole contexts; all, and the streams, when none is named",
  )
  .option("--no-streams", "do not look at the streams themselves")
  .option("--forgotten <id>", "instead, look whether anything is left of a person who was forgotten")
  .option("--value <text...>", "with --forgotten: what is known of the person, such as an e-mail address")
  .option("--log <path...>", "with --forgotten: log files, or folders of them, to look through as well")
  .option("--json", "the report as JSON")
  .addOption(data)
  .addOption(eventstore)
  .addOption(mongodb)
  .action(async (names: string[], flags: Flags) => (await import("./cli/verify.js")).verifyStores(names, flags));

program
  .command("forget")
  .description("forget a person in the running shop: nobody can read what is personal of them any more, ever")
  .argument("<id>", "a shopper's id, or <source>:<number> of an import's customer")
  .option("--reason <text>", "why; recorded, so it must not tell of the person")
  .option("--url <url>", "the running shop (what runs on the data folder)")
  .option("--key <key>", "API key of an admin (the development key of the data folder)")
  .addOption(data)
  .action(async (id: string, flags: Flags) => (await import("./cli/forget.js")).forget(id, flags));

program
  .command("rewrap")
  .description("wrap the keys of all people by the present master key (MASTER_KEY), so that the previous one can go")
  .addOption(data)
  .addOption(mongodb)
  .action(async (flags: Flags) => (await import("./cli/rewrap.js")).rewrap(flags));

const keys = program
  .command("keys")
  .description("API keys: make, list and revoke them; for the stores, no shop need run");
keys
  .command("create")
  .argument("<name>", "of the program that is to have it: letters, digits and - _ .")
  .requiredOption("--role <role...>", "what it may do: admin, catalogue, stock, … (docs/access.md)")
  .option("--scope <scope...>", "read or write; everything that the roles may when absent")
  .option(
    "--expires <when>",
    "how long it works: 90d, 12h, or a date such as 2030-01-31; until it is revoked when absent",
  )
  .option("--json", "the outcome as JSON")
  .description("make an API key, and show it once")
  .addOption(data)
  .addOption(mongodb)
  .addOption(eventstore)
  .action(async (name: string, flags: Flags) => (await import("./cli/keys.js")).createKey(name, flags));
keys
  .command("list")
  .option("--all", "also those that have expired or were revoked")
  .option("--json", "the list as JSON")
  .description("the API keys, what they may do, and when they were last used")
  .addOption(data)
  .addOption(mongodb)
  .action(async (flags: Flags) => (await import("./cli/keys.js")).listKeys(flags));
keys
  .command("revoke")
  .argument("<id>", "as the list has it")
  .option("--json", "the outcome as JSON")
  .description("revoke an API key for good: seconds later it works nowhere")
  .addOption(data)
  .addOption(mongodb)
  .addOption(eventstore)
  .action(async (id: string, flags: Flags) => (await import("./cli/keys.js")).revokeKey(id, flags));

program
  .command("database-users")
  .description("the logins of a fleet, one for each context, that open its own database and no other")
  .option("--create <folder>", "make them, and a file for each with its connection string, as the user of MONGODB_URL")
  .addOption(mongodb)
  .action(async (flags: Flags) => (await import("./cli/database-users.js")).databaseUsersCommand(flags));

program
  .command("events")
  .description("the event types with version, streams and fields; every detail of those that are named")
  .argument("[type...]", "event types or contexts")
  .option("--json", "with the JSON Schema of each one's data")
  .action(async (names: string[], flags: Flags) => (await import("./cli/events.js")).events(names, flags));

program
  .command("bench")
  .description("measure a running shop: carts, checkouts, reads")
  .option("--url <url>", "the running shop (what runs on the data folder)")
  .option("--key <key>", "back-office API key (the development key of the data folder)")
  .option("--seconds <number>", "length of each measurement", "10")
  .option("--json", "the results as JSON")
  .addOption(data)
  .action(async (flags: Flags) => (await import("./cli/bench.js")).bench(flags));

program
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`millrace: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(endSoon);

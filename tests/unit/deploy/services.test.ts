import { runInNewContext } from "node:vm";
import { httpRoutes } from "../../../src/api/gateway/http-routes";
import { checkNames, gatewayConfig } from "../../../src/api/gateway/config";
import { gatewayTable } from "../../../src/api/gateway/table";
import { CONTEXTS, contextsOf, isContext } from "../../../src/engine/contexts";
import { databaseUsers } from "../../../src/engine/database-users";
import { describedRoutes } from "../../../src/engine/routes";
import { settings } from "../../../src/infra/config";
import { DEFINITIONS } from "../../../src/infra/config/definitions";
import { CHART, type ChartValues, composeProcesses, documentOf, documentsOf, filesIn, textOf } from "./files";

/** Those that show personal data or act on it. */
const PERSONAL = contextsOf({ paymentTimeout: 60 }).flatMap(({ name, personal }) => (personal ? [name] : []));
const SETTINGS = new Set<string>(Object.values(DEFINITIONS).map(({ env }) => env));
/** What the image itself reads of its environment. */
const OF_THE_IMAGE = new Set(["NODE_ENV"]);
/** What the chart's own settings are made of. */
const OF_THE_CHART = new Set(["POD_IP"]);

const VALUES = [`${CHART}/values.yaml`, ...filesIn(`${CHART}/values`, ".yaml")];
const values = (file: string) => documentOf<ChartValues>(file);

/** A command line that `millrace` knows: one of the fleet's, with names that there are. */
function isKnownCommand([command, ...names]: readonly string[]): boolean {
  switch (command) {
    case "gateway":
      return names.length === 0;
    case "serve":
      return names.length > 0 && names.every(isContext);
    case "work":
      return names.every(isContext);
    default:
      return false;
  }
}

describe("what is deployed", () => {
  test.each(["docker-compose.yml", ...filesIn("deploy", ".yml", ".yaml"), ...filesIn(".github", ".yml")])(
    "%s is YAML",
    (file) => {
      if (file.includes("/templates/")) return; // YAML only once Helm has made it so
      expect(documentsOf(file).length).toBeGreaterThan(0);
    },
  );

  describe("docker-compose.yml", () => {
    const processes = [...composeProcesses()];
    const fleet = processes.filter(([, { profiles }]) => profiles.includes("services"));

    test("has every service in one profile that there is", () => {
      const { services } = documentOf<{ services: Record<string, { profiles?: string[] }> }>("docker-compose.yml");
      for (const [name, { profiles }] of Object.entries(services))
        expect([name, profiles]).toEqual([name, [expect.stringMatching(/^(?:single|services)$/)]]);
      expect(textOf(".env")).toMatch(/^COMPOSE_PROFILES=single$/m);
    });

    test("tells Millrace only settings that there are", () => {
      for (const [name, { environment = {} }] of processes)
        for (const variable of Object.keys(environment))
          expect([name, SETTINGS.has(variable.replace(/_FILE$/, "")) ? "known" : variable]).toEqual([name, "known"]);
    });

    test("has each bounded context, by commands that there are", () => {
      const commands = fleet.flatMap(([, { command = [] }]) => (command.length > 0 ? [command] : []));
      expect(commands.filter((command) => !isKnownCommand(command))).toEqual([]);
      expect(commands.map((command) => command.join(" "))).toEqual([
        "gateway",
        ...CONTEXTS.map((name) => `serve ${name}`),
      ]);
    });

    test("gives each process a user of its own, whose folder of secrets is its own", () => {
      const folders = new Map(
        [...textOf("deploy/compose/secrets.sh").matchAll(/\b([a-z-]+)=(1\d{3})\b/g)].map(([, name, user]) => [
          name,
          user,
        ]),
      );
      for (const [name, { user, environment = {}, command = [] }] of fleet) {
        const folder = name;
        expect([name, command.at(-1) ?? name]).toEqual([name, name]);
        expect([name, user]).toEqual([name, `${String(folders.get(folder))}:0`]);
        for (const [variable, path] of Object.entries(environment))
          if (variable.endsWith("_FILE"))
            expect([name, path]).toEqual([name, expect.stringMatching(`^/run/millrace/(?:${folder}|shared)/`)]);
      }
      expect(new Set(folders.values()).size).toBe(folders.size);
    });

    test("gives each context its own login, and the keys of people to those alone that need them", () => {
      for (const name of CONTEXTS) {
        const files = Object.keys(composeProcesses().get(name)?.environment ?? {}).filter((variable) => /^(?:MONGODB|MASTER)/.test(variable)); // prettier-ignore
        expect([name, files]).toEqual([
          name,
          [
            "MONGODB_URL_FILE",
            ...(name === "operations" ? [] : ["MONGODB_URL_OPERATIONS_FILE"]),
            ...(PERSONAL.includes(name) ? ["MONGODB_URL_KEYS_FILE", "MASTER_KEY_FILE"] : []),
          ],
        ]);
      }
    });

    test("lets no process write its root file system", () => {
      expect(processes.filter(([, { read_only }]) => read_only !== true)).toEqual([]);
    });

    test("has a gateway that finds every service", () => {
      const environment = composeProcesses().get("gateway")?.environment ?? {};
      const config = gatewayConfig(settings({ GATEWAY_SERVICES: environment["GATEWAY_SERVICES"]?.trim() }));
      checkNames(config, gatewayTable(describedRoutes()));
      expect([...config.sources.keys()]).toEqual([...CONTEXTS]);
    });
  });

  test("the users of MongoDB are the program's (node dist/main.js database-users > deploy/mongodb/users.json)", () => {
    expect(documentOf("deploy/mongodb/users.json")).toEqual(databaseUsers("millrace"));
  });

  test("users.js makes those users, with the prefix that the services have", () => {
    const made = { roles: [] as unknown[], users: [] as unknown[] };
    const database = (db: string) => ({
      getUser: () => null,
      createUser: ({ user, roles }: { user: string; roles: unknown }) => made.users.push({ user, roles }),
      getRole: () => null,
      createRole: ({ role, privileges }: { role: string; privileges: unknown }) => made.roles.push({ role, db, privileges }), // prettier-ignore
    });
    runInNewContext(textOf("deploy/mongodb/users.js"), {
      require: () => ({
        readFileSync: (path: string) =>
          path.endsWith("users.json") ? textOf("deploy/mongodb/users.json") : "mongodb://u:pw@h/",
      }),
      process: { env: { SECRETS: "/secrets", MONGODB_MEMBERS: "one:27017", MONGODB_PREFIX: "shop" } },
      Mongo: class {
        getDB = database;
      },
      URL,
      print: () => undefined,
    });
    expect(JSON.parse(JSON.stringify(made))).toEqual(databaseUsers("shop"));
  });

  describe("Helm chart", () => {
    const standard = values(`${CHART}/values.yaml`);

    test.each(VALUES)("%s has settings that can be used", (file) => {
      const { settings: own = {}, gatewaySettings = {} } = values(file);
      const chosen = { ...own, ...gatewaySettings };
      expect(Object.keys(chosen).filter((name) => !SETTINGS.has(name))).toEqual([]);
      checkNames(gatewayConfig(settings(chosen)), gatewayTable(describedRoutes()));
    });

    test.each(VALUES)("%s has commands that there are", (file) => {
      for (const [name, service] of Object.entries(values(file).services ?? {})) {
        const args = service?.args ?? standard.services?.[name]?.args ?? [];
        expect([name, isKnownCommand(args)]).toEqual([name, true]);
      }
    });

    test("has each bounded context, and gives the keys of people to those alone that need them", () => {
      expect(Object.entries(standard.services ?? {}).map(([name, service]) => [name, service?.args.join(" ")])).toEqual(
        [["gateway", "gateway"], ...CONTEXTS.map((name) => [name, `serve ${name}`])],
      );
      const people = Object.entries(standard.services ?? {}).flatMap(([name, service]) => (service?.people ? [name] : [])); // prettier-ignore
      expect(people).toEqual(PERSONAL);
    });

    test("names only settings that there are in its templates", () => {
      for (const file of filesIn(`${CHART}/templates`, ".yaml", ".tpl")) {
        const names = [...textOf(file).matchAll(/(?:- name: |"env" ")([A-Z][A-Z_]+)\b/g)].map(([, name = ""]) => name);
        expect([file, names.filter((name) => !SETTINGS.has(name) && !OF_THE_CHART.has(name))]).toEqual([file, []]);
      }
    });

    test("has the routes of the gateway's table (npm run build && node deploy/helm/http-routes.mjs)", () => {
      expect(documentOf(`${CHART}/files/http-routes.json`)).toEqual(
        httpRoutes(describedRoutes(), { backend: (service) => service }),
      );
    });

    test("is of the program's version", () => {
      const { version } = documentOf<{ version: string }>("package.json");
      expect(documentOf(`${CHART}/Chart.yaml`)).toMatchObject({ version, appVersion: version });
    });
  });

  test("the image sets only what there is", () => {
    const [, names = ""] = /^ENV (.+)$/m.exec(textOf("Dockerfile")) ?? [];
    for (const name of names.split(" ").map((pair) => pair.split("=")[0] ?? ""))
      expect([name, SETTINGS.has(name) || OF_THE_IMAGE.has(name)]).toEqual([name, true]);
  });
});

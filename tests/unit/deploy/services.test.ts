import { httpRoutes } from "../../../src/api/gateway/http-routes";
import { checkNames, gatewayConfig } from "../../../src/api/gateway/config";
import { gatewayTable } from "../../../src/api/gateway/table";
import { contextsOf } from "../../../src/engine/contexts";
import { describedRoutes, TOUCHPOINTS } from "../../../src/engine/touchpoints";
import { settings } from "../../../src/infra/config";
import { DEFINITIONS } from "../../../src/infra/config/definitions";
import { CHART, type ChartValues, composeProcesses, documentOf, documentsOf, filesIn, textOf } from "./files";

const CONTEXTS = contextsOf({ paymentTimeout: 60 }).map(({ name }) => name);
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
      return names.length > 0 && names.every((name) => (TOUCHPOINTS as readonly string[]).includes(name));
    case "work":
      return names.every((name) => CONTEXTS.includes(name));
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

    test("has each touchpoint and each context's work, by commands that there are", () => {
      const commands = fleet.flatMap(([, { command = [] }]) => (command.length > 0 ? [command] : []));
      expect(commands.filter((command) => !isKnownCommand(command))).toEqual([]);
      expect(new Set(commands.map((command) => command.join(" ")))).toEqual(
        new Set(["gateway", ...TOUCHPOINTS.map((name) => `serve ${name}`), ...CONTEXTS.map((name) => `work ${name}`)]),
      );
    });

    test("gives each process a user of its own, whose folder of secrets is its own", () => {
      const folders = new Map(
        [...textOf("deploy/compose/secrets.sh").matchAll(/\b([a-z-]+)=(1\d{3})\b/g)].map(([, name, user]) => [
          name,
          user,
        ]),
      );
      for (const [name, { user, environment = {}, command = [] }] of fleet) {
        const folder = command.length > 0 ? command.join("-") : name;
        expect([name, user]).toEqual([name, `${String(folders.get(folder))}:0`]);
        for (const [variable, path] of Object.entries(environment))
          if (variable.endsWith("_FILE"))
            expect([name, path]).toEqual([name, expect.stringMatching(`^/run/millrace/(?:${folder}|shared)/`)]);
      }
      expect(new Set(folders.values()).size).toBe(folders.size);
    });

    test("lets no process write its root file system", () => {
      expect(processes.filter(([, { read_only }]) => read_only !== true)).toEqual([]);
    });

    test("has a gateway that finds every service", () => {
      const environment = composeProcesses().get("gateway")?.environment ?? {};
      const config = gatewayConfig(settings({ GATEWAY_SERVICES: environment["GATEWAY_SERVICES"]?.trim() }));
      checkNames(config, gatewayTable(describedRoutes()));
      expect([...config.sources.keys()].toSorted()).toEqual([...TOUCHPOINTS].toSorted());
    });
  });

  test("users.js knows every context and touchpoint", () => {
    const listOf = (name: string) =>
      [
        ...(new RegExp(`const ${name} = \\[([^\\]]*)\\]`).exec(textOf("deploy/mongodb/users.js"))?.[1] ?? "").matchAll(
          /"(\w+)"/g,
        ),
      ].map(([, each]) => each);
    expect(listOf("contexts")).toEqual(CONTEXTS);
    expect(listOf("touchpoints")).toEqual(TOUCHPOINTS);
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

    test("has each touchpoint and each context's work", () => {
      expect(Object.values(standard.services ?? {}).map((service) => service?.args.join(" "))).toEqual([
        "gateway",
        ...TOUCHPOINTS.map((name) => `serve ${name}`),
        ...CONTEXTS.map((name) => `work ${name}`),
      ]);
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

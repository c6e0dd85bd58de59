import { z } from "zod";
import { documentationRoutes } from "../../../../src/api/http";
import { asyncApiDocument, asyncApiRoutes } from "../../../../src/api/operations/asyncapi";
import { defineEvents } from "../../../../src/domains/kernel";
import { contextsOf } from "../../../../src/engine/contexts";
import { serve } from "../http/support";

const contexts = contextsOf({ paymentTimeout: 60 });
const document = asyncApiDocument(contexts);

type Json = Readonly<Record<string, unknown>>;

/** What a JSON Pointer within a document leads to. */
const follow = (whole: unknown, reference: string): unknown =>
  reference
    .replace(/^#\//, "")
    .split("/")
    .reduce<unknown>((at, key) => (at as Json | undefined)?.[key], whole);

function references(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "$ref" && typeof each === "string" ? [each] : references(each),
  );
}

test("every event type is a message with payload, version and headers, in the channel of its streams", () => {
  for (const { name, events } of contexts)
    for (const [type, { category, version }] of Object.entries(events)) {
      expect(document.components.messages[type]).toMatchObject({
        name: type,
        payload: { type: "object" },
        headers: { $ref: "#/components/schemas/EventMetadata" },
        tags: [{ name }],
        "x-schema-version": version,
      });
      expect(document.channels[category]?.messages[type]).toEqual({ $ref: `#/components/messages/${type}` });
    }
  const types = contexts.flatMap(({ events }) => Object.keys(events));
  expect(Object.keys(document.components.messages)).toEqual(types);
});

test("every reference leads somewhere, and none leaves the document", () => {
  const all = references(document);
  expect(all.length).toBeGreaterThan(100);
  expect(all.filter((each) => !each.startsWith("#/") || follow(document, each) === undefined)).toEqual([]);
});

test("it has the form that AsyncAPI 3.0 demands", () => {
  expect(Object.keys(document)).toEqual(["asyncapi", "info", "defaultContentType", "channels", "operations", "components"]); // prettier-ignore
  expect(document.asyncapi).toBe("3.0.0");
  const name = /^[A-Za-z0-9_-]+$/;
  for (const [key, { address, parameters, messages }] of Object.entries(document.channels)) {
    expect(key).toMatch(name);
    // Each parameter of the address is described, and no other.
    expect([...address.matchAll(/\{(\w+)\}/g)].map(([, each]) => each)).toEqual(Object.keys(parameters));
    expect(Object.keys(messages)).not.toEqual([]);
  }
  const channels = Object.values(document.operations).map(({ action, channel, messages }) => {
    expect(action).toBe("send");
    // An operation's messages must be of its channel.
    for (const { $ref } of messages) expect($ref).toMatch(new RegExp(`^${channel.$ref}/messages/\\w+$`));
    return channel.$ref;
  });
  expect(channels).toEqual(Object.keys(document.channels).map((key) => `#/channels/${key}`));
  for (const key of [...Object.keys(document.operations), ...Object.keys(document.components.messages)])
    expect(key).toMatch(name);
});

test("payloads are written in the dialect that AsyncAPI has by itself", () => {
  const words = JSON.stringify(document.components);
  for (const unknown of ['"$defs"', '"$schema"', '"prefixItems"', '"definitions"'])
    expect(words).not.toContain(unknown);
});

test("schemas with a name become components", () => {
  const place = z.strictObject({ shelf: z.string() }).meta({ id: "Place" });
  const events = defineEvents("shelf", { Moved: { version: 2, schema: z.strictObject({ from: place, to: place }) } });
  const { components } = asyncApiDocument([{ name: "storage", events }]);
  const reference = components.messages["Moved"]?.payload["properties"] as { from: { $ref: string } };
  expect(follow({ components }, reference.from.$ref)).toMatchObject({ properties: { shelf: { type: "string" } } });
});

test("it is served, can be kept, and the page of the API leads to it", async () => {
  const routes = asyncApiRoutes(contexts);
  const server = await serve([...routes, ...documentationRoutes(routes)]);
  try {
    const answer = await fetch(`${server.url}/asyncapi.json`);
    expect(await answer.json()).toEqual(JSON.parse(JSON.stringify(document)));
    const headers = { "If-None-Match": answer.headers.get("etag") ?? "" };
    expect((await fetch(`${server.url}/asyncapi.json`, { headers })).status).toBe(304);
    expect(await (await fetch(`${server.url}/docs`)).text()).toContain('<a href="/asyncapi.json">');
  } finally {
    await server.close();
  }
});

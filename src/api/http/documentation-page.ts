import { curlOf, type Placed } from "./documentation-curl";
import { fieldsOf, typeOf } from "./documentation-types";
import { type Html, markup, page, prose } from "./html";
import { type OpenApi, type Operation, type Parameter, type Response } from "./openapi";
import { type JsonSchema } from "./openapi-schemas";

/** The readable page of a document. @param url where this shop is reached, for the examples */
export function documentationPage(document: OpenApi, url: string): string {
  const groups = grouped(document);
  const navigation = markup`<p>
      <a href="#top"><b>${document.info.title}</b></a>
    </p>
    <p>
      <a href="/openapi.json">openapi.json</a>${document.paths["/asyncapi.json"] ? markup` · <a href="/asyncapi.json">asyncapi.json</a>` : ""}
      · <a href="/problems">problems</a>
    </p>
    ${groups.map(
      ([tag, placed]) =>
        markup`<b><a href="#tag-${anchor(tag)}">${tag}</a></b>
          <ul>
            ${placed.map(({ operation }) => markup`<li><a href="#${operation.operationId}">${operation.summary}</a></li> `)}
          </ul> `,
    )}<b><a href="#schemas">Schemas</a></b>`;
  const content = markup`<h1 id="top">${document.info.title}</h1>
    <p>${prose(document.info.description)}</p>
    <p>
      In the examples <code>$API_KEY</code> is a back office's key, <code>$SHOPPER_TOKEN</code> what making a cart gave.
    </p>
    ${groups.map(
      ([tag, placed]) =>
        markup`<h2 id="tag-${anchor(tag)}">${tag}</h2>
          ${placed.map((each) => operationSection(each, document, url))}`,
    )}
    <h2 id="schemas">Schemas</h2>
    ${Object.entries(document.components.schemas).map(([name, schema]) => schemaSection(name, schema, document))}`;
  return page(`${document.info.title} API`, navigation, content);
}

function grouped(document: OpenApi): readonly (readonly [tag: string, placed: readonly Placed[]])[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Placed => ({ method: method.toUpperCase(), path, operation })),
  );
  return document.tags.map(({ name }) => [name, all.filter(({ operation }) => operation.tags[0] === name)] as const);
}

const anchor = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-");

function operationSection(placed: Placed, document: OpenApi, url: string): Html {
  const { method, path, operation } = placed;
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
  const own = operation.parameters.filter((each) => !isStandard(each));
  return markup`<section id="${operation.operationId}">
    <h3>${operation.summary}</h3>
    <p><span class="method">${method}</span> <span class="path">${path}</span></p>
    ${operation.description ? markup`<p>${prose(operation.description)}</p> ` : ""}
    <p class="quiet">${callers(operation)}</p>
    ${own.length > 0 ? parameterTable(own, document) : ""}
    ${body ? markup`<h4>Body</h4> ${fieldTable(body, document)}` : ""}
    ${heeded(operation.parameters.filter(isStandard))}
    <h4>Example</h4>
    <pre><code>${curlOf(placed, document, url)}</code></pre>
    <h4>Answers</h4>
    <table>
      ${Object.entries(operation.responses).map(([status, response]) => answerRow(status, response, document))}
    </table>
  </section> `;
}

/** Headers that many operations heed; each is explained once, in the document. */
const isStandard = ({ in: where, name }: Parameter): boolean => where === "header" && /^[A-Z]/.test(name);

function heeded(headers: readonly Parameter[]): Html | undefined {
  if (headers.length === 0) return undefined;
  const named = headers.map(({ name, description }, index) => {
    const separator = index > 0 ? ", " : "";
    return markup`${separator}<code title="${description}">${name}</code>`;
  });
  return markup`<p class="quiet">Heeds ${named}.</p>`;
}

function callers({ security }: Operation): string {
  const schemes = security.flatMap((each) => Object.keys(each));
  const open = security.some((each) => Object.keys(each).length === 0);
  if (schemes.length === 0) return "Anyone may call this.";
  const token = schemes.includes("apiKey") ? "An API key" : "The shopper token";
  if (!open) return `${token} is needed.`;
  return schemes.includes("apiKey")
    ? `${token} is needed, unless the server listens on its own machine alone.`
    : `${token} may be sent.`;
}

function parameterTable(parameters: readonly Parameter[], { components }: OpenApi): Html {
  return markup`<h4>Parameters</h4>
    <table>
      <tr>
        <th>name</th>
        <th>in</th>
        <th>what</th>
        <th></th>
      </tr>
      ${parameters.map(
        ({ name, in: where, required, schema, description }) =>
          markup`<tr>
            <td><code>${name}</code></td>
            <td>${where}</td>
            <td>${typeOf(schema, components.schemas)}${required ? "" : markup` <span class="quiet">optional</span>`}</td>
            <td>${prose(description ?? "")}</td>
          </tr> `,
      )}
    </table> `;
}

function fieldTable(schema: JsonSchema, { components }: OpenApi): Html {
  const fields = fieldsOf(schema, components.schemas);
  if (fields.length === 0) return markup`<p>${typeOf(schema, components.schemas)}</p> `;
  return markup`<table>
    <tr>
      <th>field</th>
      <th>what</th>
      <th></th>
    </tr>
    ${fields.map(
      ({ path, type, required, description }) =>
        markup`<tr>
          <td><code>${path}</code></td>
          <td>${type}${required ? "" : markup` <span class="quiet">optional</span>`}</td>
          <td>${prose(description)}</td>
        </tr> `,
    )}
  </table> `;
}

function answerRow(status: string, response: Operation["responses"][string], document: OpenApi): Html {
  const answer = "$ref" in response ? problemResponse(response.$ref, document) : response;
  const [mediaType, content] = Object.entries(answer.content ?? {})[0] ?? [];
  const isProblem = mediaType === "application/problem+json";
  const schema = isProblem ? undefined : content?.schema;
  const kind = schema ? markup` ${typeOf(schema, document.components.schemas)}` : "";
  const other =
    mediaType !== undefined && !isProblem && mediaType !== "application/json" ? markup` <code>${mediaType}</code>` : "";
  const fields =
    schema && !("$ref" in schema)
      ? markup`<details>
          <summary>Fields</summary>
          ${fieldTable(schema, document)}
        </details>`
      : "";
  const description = isProblem ? problemLinks(answer.description) : prose(answer.description);
  return markup`<tr>
    <td><code>${status}</code></td>
    <td>${description}${kind}${other}${fields}</td>
  </tr> `;
}

function problemResponse(reference: string, { components }: OpenApi): Response {
  return (components.responses[reference.split("/").at(-1) ?? ""] ?? { description: "" }) as unknown as Response;
}

/** Each code leads to where it is explained. */
function problemLinks(description: string): Html {
  const parts = description.split(/`([a-z0-9-]+)`/);
  return markup`${parts.map((part, index) => (index % 2 === 0 ? prose(part) : problemLink(part)))}`;
}

const problemLink = (code: string): Html => markup`<a href="/problems/${code}"><code>${code}</code></a>`;

function schemaSection(name: string, schema: JsonSchema, document: OpenApi): Html {
  const { description } = schema;
  return markup`<section id="schema-${name}">
    <h3>${name}</h3>
    ${typeof description === "string" ? markup`<p>${prose(description)}</p> ` : ""}${fieldTable(schema, document)}
  </section> `;
}

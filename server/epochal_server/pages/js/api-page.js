// The page /api/docs: shows what /api/openapi.json says, one entry for each operation.

import {get} from "./api.js";
import {html, render} from "./html.js";

/** A JSON Schema as short text: `{name: string, runs: [string]}`; what is long is cut where it is deep. */
function shape(schema, depth = 0) {
  if (!schema) return "anything";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map((each) => shape(each, depth)).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => shape({...schema, type}, depth)).join(" | ");
  if (schema.type === "array") return `[${shape(schema.items, depth + 1)}]`;
  if (schema.type === "object" && schema.properties && depth < 4) {
    const required = new Set(schema.required ?? []);
    const members = Object.entries(schema.properties).map(
      ([name, each]) => `${name}${required.has(name) ? "" : "?"}: ${shape(each, depth + 1)}`,
    );
    return `{${members.join(", ")}}`;
  }
  if (schema.type === "object" && typeof schema.additionalProperties === "object") {
    return `{name: ${shape(schema.additionalProperties, depth + 1)}}`;
  }
  return schema.type ?? "anything";
}

/** The members of an object schema as rows: name, shape, and what it means. */
function Members({schema}) {
  if (schema?.type !== "object" || !schema.properties) return html`<p><code>${shape(schema)}</code></p>`;
  const required = new Set(schema.required ?? []);
  return html`<table>
    <tbody>
      ${Object.entries(schema.properties).map(
        ([name, each]) => html`<tr key=${name}>
          <th scope="row"><code>${name}</code>${required.has(name) ? "" : html` <small>optional</small>`}</th>
          <td><code>${shape(each)}</code></td>
          <td>${each.description ?? ""}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function Operation({path, method, operation}) {
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const [type, content] = Object.entries(operation.responses["200"].content)[0];
  const id = `${method}${path}`.replace(/[^a-z]+/gi, "-");
  return html`<section aria-labelledby=${id}>
    <h2 id=${id}><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h2>
    <p>${operation.summary}</p>
    ${operation.parameters.length > 0 &&
    html`<h3>In the address</h3>
      <table>
        <tbody>
          ${operation.parameters.map(
            (each) => html`<tr key=${each.name}>
              <th scope="row"><code>${each.name}</code>${each.required ? "" : html` <small>optional</small>`}</th>
              <td><code>${shape(each.schema)}</code></td>
              <td>${each.schema.description ?? ""}</td>
            </tr>`,
          )}
        </tbody>
      </table>`}
    ${body && html`<h3>Body</h3><${Members} schema=${body} />`}
    <h3>Answer <small>${type}</small></h3>
    ${content.schema ? html`<${Members} schema=${content.schema} />` : ""}
  </section>`;
}

function Page({document: told}) {
  return html`<header>
      <h1>${told.info.title}: HTTP API <small>${told.info.version}</small></h1>
      <p>${told.info.description}</p>
      <p>
        For programs: <a href="/api/openapi.json">openapi.json</a>. Errors are
        ${" "}<code>application/problem+json</code>: a title, a detail with the place and the way out.
      </p>
    </header>
    ${Object.entries(told.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => html`<${Operation} key=${method + path} ...${{path, method, operation}} />`,
      ),
    )}`;
}

const place = document.getElementById("app");
try {
  render(html`<${Page} document=${await get("/api/openapi.json")} />`, place);
} catch (error) {
  render(html`<p role="alert">${error.message}</p>`, place);
}

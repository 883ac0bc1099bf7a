// Panels from a file: what of them this version can draw, and what of the others goes back into the file as it was.

import { isPanel, KINDS } from "./state.js";

const MOST = 200;
const NEEDED = { line: ["series"], scatter: ["across", "up"], parallel: ["columns"], bars: ["column"], importance: ["metric"] };

/**
 * @param {object[]} panels as they are written: by hand, or by a newer version
 * @returns {{drawn: object[], remarks: string[], back: (after: object[]) => object[]}} `drawn`: panels that state.js takes, each
 *   with an id of its own; `back`: all panels again, once some of those drawn were changed, moved, added or removed
 */
export function readablePanels(panels) {
  const ids = new Set();
  const remarks = [];
  const read = (Array.isArray(panels) ? panels : []).map((source, at) => {
    const fault = ids.size >= MOST ? `only the first ${MOST} panels are drawn` : faultOf(source);
    if (fault) {
      remarks.push(`Panel ${at + 1} is not drawn, but kept: ${fault}`);
      return { source, id: null };
    }
    const id = freeId(source.id, at, ids);
    ids.add(id);
    const left = Object.keys(source).filter((name) => name !== "id" && !isPanel({ [name]: source[name] }));
    if (left.length) remarks.push(`Panel ${at + 1}: ${left.join(", ")} is not known to this version: it is kept, and changes nothing`);
    const panel = Object.fromEntries(Object.entries({ ...source, id }).filter(([name]) => !left.includes(name)));
    return { source, id, panel, left };
  });
  return { drawn: read.filter(({ id }) => id !== null).map(({ panel }) => panel), remarks, back: (after) => putBack(read, after) };
}

function faultOf(panel) {
  if (typeof panel !== "object" || panel === null || Array.isArray(panel)) return "it is no object";
  if (!KINDS.includes(panel.kind)) return panel.kind === undefined ? "its kind is missing" : `${JSON.stringify(panel.kind)} is no kind of panel that this version knows`;
  const lacks = NEEDED[panel.kind].find((name) => panel[name] === undefined || !isPanel({ [name]: panel[name] }) || panel[name].length === 0);
  return lacks ? `its ${lacks} ${panel[lacks] === undefined ? "is missing" : "cannot be used"}` : "";
}

function freeId(id, at, ids) {
  if (typeof id === "string" && id && id.length <= 100 && !ids.has(id)) return id;
  let count = at + 1;
  while (ids.has(`p${count}`)) count += 1;
  return `p${count}`;
}

/** What is not drawn stays behind the panel that it stood behind, or else at the front. */
function putBack(read, after) {
  const known = new Map(read.filter(({ id }) => id !== null).map((one) => [one.id, one]));
  const behind = new Map();
  let last = "";
  for (const { source, id } of read) {
    if (id !== null) last = after.some((panel) => panel.id === id) ? id : last;
    else behind.set(last, [...(behind.get(last) ?? []), source]);
  }
  const written = (panel) => {
    const one = known.get(panel.id);
    if (!one) return panel;
    if (JSON.stringify(one.panel) === JSON.stringify(panel)) return one.source;
    return { ...panel, ...Object.fromEntries(one.left.filter((name) => !(name in panel)).map((name) => [name, one.source[name]])) };
  };
  return [...(behind.get("") ?? []), ...after.flatMap((panel) => [written(panel), ...(behind.get(panel.id) ?? [])])];
}

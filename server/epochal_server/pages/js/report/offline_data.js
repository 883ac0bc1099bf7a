// What an exported report holds: its text, and the numbers of its lines, which are compressed.

/** {title, exported, version, blind, blocks, runs, columns, importance, lines, weights, axes, images} */
export const report = JSON.parse(document.getElementById("report").textContent);

const bytes = await unpacked(document.getElementById("numbers").textContent);
const opened = new Map();

/** The array at a place [first, count], as reports_arrays.py has put it there. */
export function numbers([first, count]) {
  const name = `${first} ${count}`;
  if (!opened.has(name)) {
    const from = bytes.subarray(8 * first, 8 * (first + count));
    const into = new Uint8Array(8 * count);
    for (let part = 0; part < 8; part += 1) for (let at = 0; at < count; at += 1) into[8 * at + part] = from[part * count + at];
    opened.set(name, new Float64Array(into.buffer));
  }
  return opened.get(name);
}

async function unpacked(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Reads a binary PLY, as Epochal writes it: points with a value or a colour, and triangles.

const READERS = {
  char: [1, "getInt8"], uchar: [1, "getUint8"], short: [2, "getInt16"], ushort: [2, "getUint16"], int: [4, "getInt32"],
  uint: [4, "getUint32"], float: [4, "getFloat32"], double: [8, "getFloat64"], int8: [1, "getInt8"], uint8: [1, "getUint8"],
  int16: [2, "getInt16"], uint16: [2, "getUint16"], int32: [4, "getInt32"], uint32: [4, "getUint32"],
  float32: [4, "getFloat32"], float64: [8, "getFloat64"],
};
const END = "end_header\n";
const LONGEST_HEAD = 1 << 16;

/** {points: Float32Array of x, y, z, colours?: Uint8Array of red, green, blue, values?: Float32Array, faces?: Int32Array}. */
export function readPly(buffer) {
  const head = new TextDecoder("latin1").decode(new Uint8Array(buffer, 0, Math.min(buffer.byteLength, LONGEST_HEAD)));
  const end = head.indexOf(END);
  const lines = head.slice(0, Math.max(end, 0)).split("\n");
  if (lines[0] !== "ply" || lines[1] !== "format binary_little_endian 1.0") throw new Error("only binary little-endian PLY is drawn here");
  const {counts, fields} = described(lines.slice(2));
  const size = fields.reduce((sum, [, kind]) => sum + READERS[kind][0], 0);
  const count = counts.vertex ?? 0;
  const from = end + END.length;
  if (!count || from + count * size > buffer.byteLength) throw new Error("its file holds fewer points than it says");
  const view = new DataView(buffer, from);
  const column = (name, Kind) => {
    let offset = 0;
    const at = fields.findIndex(([other]) => other === name);
    if (at < 0) return null;
    for (const [, kind] of fields.slice(0, at)) offset += READERS[kind][0];
    const read = READERS[fields[at][1]][1];
    return Kind.from({length: count}, (_, row) => view[read](row * size + offset, true));
  };
  const [x, y, z] = ["x", "y", "z"].map((name) => column(name, Float32Array));
  if (!x || !y || !z) throw new Error("its points have no x, y and z");
  const rgb = ["red", "green", "blue"].map((name) => column(name, Uint8Array));
  return {
    points: woven([x, y, z], Float32Array),
    colours: rgb.every(Boolean) ? woven(rgb, Uint8Array) : null,
    values: column("value", Float32Array),
    faces: counts.face ? triangles(new DataView(buffer, from + count * size), counts.face, count) : null,
  };
}

function described(lines) {
  const counts = {};
  const fields = [];
  for (const words of lines.map((line) => line.trim().split(/\s+/))) {
    if (words[0] === "element") counts[words[1]] = Number(words[2]);
    else if (words[0] === "property" && Object.keys(counts).join() === "vertex") {
      if (!READERS[words[1]]) throw new Error(`a property of a kind that is not known: ${words[1]}`);
      fields.push([words[2], words[1]]);
    }
  }
  return {counts, fields};
}

function woven(columns, Kind) {
  const width = columns.length;
  const made = new Kind(columns[0].length * width);
  columns.forEach((column, at) => column.forEach((value, row) => (made[row * width + at] = value)));
  return made;
}

/** Three points for each face; a face of more corners becomes several. */
function triangles(view, faces, points) {
  const made = [];
  let at = 0;
  for (let face = 0; face < faces && at < view.byteLength; face += 1) {
    const corners = view.getUint8(at);
    if (at + 1 + corners * 4 > view.byteLength) break;
    const corner = (index) => view.getInt32(at + 1 + index * 4, true);
    for (let index = 2; index < corners; index += 1) {
      const three = [corner(0), corner(index - 1), corner(index)];
      if (three.every((point) => point >= 0 && point < points)) made.push(...three);
    }
    at += 1 + corners * 4;
  }
  return Int32Array.from(made);
}

// A panel as a file: PNG and SVG are drawn anew, with a title and a legend; CSV holds the points that are drawn.

/** Save a panel's picture as PNG, in twice the pixels of the screen. */
export async function savePng(view, title) {
  const { width, height } = sized(view);
  const canvas = document.createElement("canvas");
  // drawn by the library's SVG writer first: both files show the same
  const url = URL.createObjectURL(new Blob([await view.picture(title, width, height)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    // the picture is higher than the panel by its legend
    canvas.width = image.naturalWidth * 2;
    canvas.height = image.naturalHeight * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  } finally {
    URL.revokeObjectURL(url);
  }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  download(blob, title, "png");
}

export async function saveSvg(view, title) {
  const { width, height } = sized(view);
  const text = await view.picture(title, width, height);
  download(new Blob([text], { type: "image/svg+xml" }), title, "svg");
}

export async function saveCsv(view, title) {
  download(new Blob([csv(view.table())], { type: "text/csv;charset=utf-8" }), title, "csv");
}

function sized(view) {
  const { width, height } = view.size.peek();
  return { width: Math.max(640, width), height: Math.max(360, height) };
}

/**
 * Text of a table, as spreadsheets and pandas read it: what would be taken for a formula is no formula.
 *
 * @param {{head: string[], rows: unknown[][]}} table
 */
export function csv({ head, rows }) {
  const cell = (value) => {
    if (typeof value === "number") return Number.isFinite(value) ? String(value) : value !== value ? "NaN" : value > 0 ? "inf" : "-inf";
    if (value === null || value === undefined) return "";
    const text = String(value);
    const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(plain) ? `"${plain.replace(/"/g, '""')}"` : plain;
  };
  return `${[head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

export function download(blob, title, ending) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${title.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80) || "panel"}.${ending}`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// How columns and axes are called where people read them.

/** How a column is called on an axis: `lr` for `config.lr`. */
export function columnTitle(column) {
  return (column ?? "").replace(/^(config|summary)\./, "");
}

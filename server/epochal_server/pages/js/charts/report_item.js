// "Add to a report…" in a panel's menu: the page of reports is loaded when somebody asks for it.

import { READ_ONLY, readOnly } from "../server.js";

/** @returns {object[]} items for menu.js: none in an exported report */
export function reportItems(panel, store) {
  const run = () => import("../report/adding.js").then(({ addToReport }) => addToReport(panel, store));
  return [{ label: "Add to a report…", disabled: readOnly.peek(), title: readOnly.peek() ? READ_ONLY : null, run }];
}

// The page of the tests: all runs of the folder, in one workspace. What tests look at hangs on `window.board`.

import {html, render, signal, computed} from "@static/js/html.js";
import {mountLayer} from "@static/js/dialog.js";
import {post} from "@static/js/api.js";
import {changed, connect} from "@static/js/live.js";
import {listen} from "@static/js/keys.js";
import {colourOf, dashOf, tellApart} from "@static/js/palette.js";
import "@static/js/theme.js";
import {Workspace, workspaceState} from "@static/js/charts/workspace.js";
import {settled, turns} from "@static/js/charts/frames.js";

const {keys, columns} = await post("/api/runs/query", {columns: ["name"], limit: 1000});
const known = keys.map((key, at) => ({key, name: columns.name[at]}));
tellApart(known.map(({key}) => key));
const shown = signal(known.map(({key}) => key));
const runs = computed(() => known.filter(({key}) => shown.value.includes(key)).map(({key, name}) => ({key, name, colour: colourOf(key), dash: dashOf(key)})));
const brushed = signal(null);
const state = workspaceState();
const keyOf = (name) => known.find((run) => run.name === name).key;
window.board = {
  known, shown, brushed, changed, state, settled, turns, keyOf,
  hide: (name) => (shown.value = shown.value.filter((key) => key !== keyOf(name))),
  showOnly: (name) => (shown.value = [keyOf(name)]),
};
mountLayer();
listen();
connect();
const place = document.createElement("div");
document.getElementById("app").append(place);
render(html`<${Workspace} runs=${runs} context=${{brushed, query: signal({})}} />`, place);

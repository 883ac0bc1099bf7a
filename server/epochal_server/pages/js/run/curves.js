// The charts of one run, and its system metrics: the same workspace that the runs table has, with one run.
import {html, signal, useEffect, useMemo, useState} from "../html.js";
import {colourOf, dashOf} from "../palette.js";
import {Empty, Failed, Loading} from "../states.js";
import {param} from "../url.js";

/** Charts are loaded when they are first looked at: the overview does without. */
let loaded = null;
let timed = null;

/** `runs`: [{key, name, state}]; `context` tells the workspace where it stands; `count`: how many metrics there are. */
export function Curves({runs, context, count}) {
  const [Workspace, setWorkspace] = useState(() => loaded);
  const [problem, setProblem] = useState(null);
  const shown = useMemo(() => signal([]), []);
  const told = JSON.stringify(runs);
  useEffect(() => {
    shown.value = runs.map((run) => ({...run, colour: colourOf(run.key), dash: dashOf(run.key)}));
  }, [told]);
  useEffect(() => {
    if (loaded) return;
    Promise.all([import("../charts/workspace.js"), import("../charts/state.js"), import("../charts/compact.js")]).then(
      ([{Workspace: found}, {DEFAULTS, differences, whole}, {pack, unpack}]) => {
        loaded = found;
        timed ??= overTime({DEFAULTS, differences, whole, pack, unpack});
        setWorkspace(() => loaded);
      },
      (error) => setProblem(error),
    );
  }, []);
  if (!count) return html`<${Nothing} system=${context.system} />`;
  if (problem) return html`<${Failed} title="The charts could not be loaded" error=${problem} retry=${() => location.reload()} />`;
  return Workspace ? html`<${Workspace} runs=${shown} context=${context.system ? {...context, state: timed} : context} />` : html`<${Loading} what="Loading charts" />`;
}

/** The state of the charts of the machine: its steps count measurements, so that time is their axis until one chooses. */
function overTime({DEFAULTS, differences, whole, pack, unpack}) {
  const read = (text) => {
    try {
      return whole(unpack(text));
    } catch {
      return undefined; // cut off or mistyped: the default stands
    }
  };
  const write = (state) => pack(differences(state) ?? {x: DEFAULTS.x});
  return param("system", {initial: {...DEFAULTS, x: "relative"}, read, write});
}

function Nothing({system}) {
  return system
    ? html`<${Empty} title="No system metrics" icon="chart">CPU, memory and accelerators are measured beside a run that
        lasts longer than a few seconds.<//>`
    : html`<${Empty} title="No metrics yet" icon="chart"><code>run.log({"loss": 0.5})</code> in the training makes the
        first curve appear here by itself.<//>`;
}

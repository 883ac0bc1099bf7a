// A comparison as sections of rows, all of one shape: {name, rows: [{key, differs, cells, best, note}], same}.

/** What stands in a cell of a run that has nothing under a name. */
export const MISSING = Symbol("missing");
/** What is not known of a run, such as a list of packages that was not recorded. */
export const UNKNOWN = Symbol("unknown");

/** `cells` hold values, `MISSING` or `UNKNOWN`; `best` the places of the runs that did best. */
export function sectionsOf(comparison) {
  const {summary, config, datasets, environment, packages, code} = comparison;
  return [
    {id: "summary", name: "Summary", rows: summary.map(rowOf)},
    {id: "config", name: "Config", rows: config.map(rowOf)},
    {id: "datasets", name: "Datasets", rows: datasets.map(datasetRow)},
    {id: "environment", name: "Environment", rows: environment.map(rowOf)},
    {id: "packages", name: "Packages", rows: packages.changed.map(packageRow), same: packages.same, notes: unknownPackages(packages, comparison.runs)},
    {id: "code", name: "Code", rows: codeRows(code)},
  ];
}

function rowOf(row) {
  const best = row.best === null || row.best === undefined ? [] : [row.best].flat();
  return {
    key: row.key,
    differs: row.differs ?? !row.same,
    cells: row.values.map((value, at) => (row.present?.[at] === false ? MISSING : value)),
    best,
    note: row.goal && {goal: row.goal},
  };
}

function datasetRow({name, verdict, why, facts}) {
  return {
    key: name,
    differs: verdict !== "same",
    cells: facts.map((each) => (each === null ? MISSING : described(each))),
    best: [],
    note: {text: verdict, title: why, badge: true},
  };
}

/** A dataset in one cell: what tells it from others. */
function described(facts) {
  const size = typeof facts.rows === "number" ? `${facts.rows.toLocaleString("en")} rows` : typeof facts.bytes === "number" ? `${facts.bytes.toLocaleString("en")} bytes` : null;
  return [facts.sha256 ? String(facts.sha256).slice(0, 12) : "not hashed", size, facts.coverage !== "full" && facts.coverage].filter(Boolean).join(" · ");
}

function packageRow(row) {
  return {...rowOf(row), cells: row.values.map((value, at) => (row.present?.[at] === false ? MISSING : value === null ? UNKNOWN : value))};
}

function unknownPackages(packages, runs) {
  return packages.unknown.map(({run, why}) => `${runs[run]?.name ?? `run ${run + 1}`}: ${why}`);
}

function codeRows(code) {
  if (!code) return [];
  const row = (key, of) => {
    const cells = code.states.map(of);
    return {key, differs: new Set(cells).size > 1, cells, best: []};
  };
  const found = [
    row("commit", (state) => state.commit ?? (state.problem ? UNKNOWN : MISSING)),
    row("branch", (state) => state.branch ?? MISSING),
    row("remote", (state) => state.remote ?? MISSING),
    row("uncommitted changes", (state) => (state.patch_sha256 ? `patch ${state.patch_sha256.slice(0, 12)}` : state.problem ? UNKNOWN : "none")),
    row("problem", (state) => state.problem ?? MISSING),
  ];
  return found.filter(({cells}) => cells.some((cell) => cell !== MISSING));
}

/** The rows of a section that are shown, and how many of it differ and are the same. */
export function chosen(section, {only, find}) {
  const low = find.toLowerCase();
  const text = (cell) => (typeof cell === "symbol" ? "" : typeof cell === "string" ? cell : JSON.stringify(cell));
  const fits = (row) => !low || row.key.toLowerCase().includes(low) || row.cells.some((cell) => text(cell).toLowerCase().includes(low));
  const differing = section.rows.filter((row) => row.differs).length;
  return {
    rows: section.rows.filter((row) => (!only || row.differs) && fits(row)),
    differing,
    same: section.rows.length - differing + (section.same ?? 0),
  };
}

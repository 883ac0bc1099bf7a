// Bars of one column for the runs that are shown, the longest first.

import { html } from "../html.js";
import { exact } from "./axes.js";
import { baseAxis, tooltip } from "./column_looks.js";
import { ColumnsPanel } from "./columns_panel.js";
import { asNumber } from "./run_columns.js";
import { columnTitle } from "./titles.js";

const MOST = 40;
const KIND = { columns: (panel) => [panel.column], option, still: true };

export function BarsPanel(props) {
  const title = columnTitle(props.panel.column);
  return html`<${ColumnsPanel} ...${props} kind=${KIND} label=${`Bars of ${title}`} empty=${`No shown run has a number as ${title}.`} />`;
}

function option({ panel, data, size, look, byKey, top = 0 }) {
  const values = data.columns[panel.column];
  const found = data.keys
    .map((key, at) => ({ key, name: data.names[at], value: asNumber(values[at]) }))
    .filter(({ key, value }) => byKey.has(key) && Number.isFinite(value))
    .sort((one, other) => other.value - one.value);
  const most = Math.max(1, Math.min(MOST, Math.floor((size.height - 40 - top) / 16)));
  const bars = found.slice(0, most);
  const left = found.length - bars.length;
  const text = `first ${bars.length} of ${found.length}`;
  return {
    shown: bars.length,
    keys: bars.map(({ key }) => key),
    notes: left ? [{ kind: "reduced", text, title: "The largest are shown. Make the panel higher to see more." }] : [],
    option: {
      animation: false,
      grid: { left: 12, right: 64, top: 8 + top, bottom: 8, containLabel: true, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: { ...baseAxis(look, "value") },
      yAxis: {
        ...baseAxis(look, "category"),
        inverse: true,
        data: bars.map(({ key }) => key),
        axisLabel: { color: look.text, fontFamily: look.font, fontSize: 11, width: Math.min(150, size.width * 0.35), overflow: "truncate", interval: 0, formatter: (key) => byKey.get(key)?.name ?? key },
      },
      tooltip: tooltip(look, ({ data: bar }) => `${bar.name}\n${columnTitle(panel.column)}: ${exact(bar.value)}`),
      series: [
        {
          type: "bar",
          barMaxWidth: 18,
          data: bars.map(({ key, name, value }) => ({ value, name, itemStyle: { color: byKey.get(key)?.colour ?? look.muted, borderRadius: 2 } })),
          label: { show: true, position: "right", color: look.text, fontFamily: look.font, fontSize: 11, formatter: ({ value }) => exact(Number(value.toPrecision(4))) },
        },
      ],
    },
  };
}

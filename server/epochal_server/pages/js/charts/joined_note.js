// What a panel says of formulas whose metrics were recorded at different steps.

/**
 * @param {{lines: {joined?: string}[]}} answer
 * @returns {{kind: string, text: string, title: string}[]} none where all metrics of a formula stand at the same steps
 */
export function joinedNote(answer) {
  const joined = answer.lines.filter((line) => line.joined === "latest").length;
  if (!joined) return [];
  const which = joined === 1 ? "One line is" : `${joined.toLocaleString("en-GB")} lines are`;
  const title = `${which} of metrics that share no step: the formula stands at the steps of the one with the fewest, and takes the latest value of each other one.`;
  return [{ kind: "joined", text: "latest values joined", title }];
}

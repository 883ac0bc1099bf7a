// Text with a terminal's escape sequences as pieces with classes; what is no colour or weight is left out.

const SEQUENCE = /\u001b(?:\[([0-9;:?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_]|)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g;
const NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

/** A printed line as [{text, classes}]; the classes are `ansi-red`, `ansi-bold` and so on. */
export function pieces(line) {
  if (!/[\u0000-\u0008\u000b-\u001f\u007f]/.test(line)) return [{text: line, classes: ""}];
  const found = [];
  let style = {};
  let from = 0;
  const put = (text) => {
    if (text) found.push({text, classes: classes(style)});
  };
  for (const match of line.matchAll(SEQUENCE)) {
    put(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === "m") style = styled(style, match[1]);
  }
  put(line.slice(from));
  return found;
}

/** The text of a line alone. */
export function plain(line) {
  return line.replace(SEQUENCE, "");
}

function styled(style, codes) {
  const made = {...style};
  const numbers = codes.split(/[;:]/).map(Number);
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at];
    if (code === 0) Object.keys(made).forEach((name) => delete made[name]);
    else if (code === 1) made.bold = true;
    else if (code === 2) made.dim = true;
    else if (code === 3) made.italic = true;
    else if (code === 4) made.underline = true;
    else if (code === 22) delete made.bold, delete made.dim;
    else if (code === 23) delete made.italic;
    else if (code === 24) delete made.underline;
    else if (code >= 30 && code <= 37) made.colour = NAMES[code - 30];
    else if (code >= 90 && code <= 97) made.colour = NAMES[code - 90];
    else if (code === 39) delete made.colour;
    else if (code === 38 || code === 48) {
      const colour = numbers[at + 1] === 5 ? numbers[at + 2] : null;
      if (code === 38 && colour !== null && colour < 16) made.colour = NAMES[colour % 8];
      else if (code === 38) delete made.colour; // 256 and 16 million colours are not readable in both themes
      at += numbers[at + 1] === 5 ? 2 : numbers[at + 1] === 2 ? 4 : 0;
    }
  }
  return made;
}

function classes({colour, ...flags}) {
  return [colour && `ansi-${colour}`, ...Object.keys(flags).map((name) => `ansi-${name}`)].filter(Boolean).join(" ");
}

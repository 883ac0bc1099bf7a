// A report on paper, or as PDF: light, as wide as a page, and with all of its panels drawn before the printer is asked.

import {everywhere} from "../charts/nearness.js";
import {onPaper} from "../theme.js";

const LONGEST = 15_000;
const STEP = 50;

/** Prints the report that is shown; what could not be drawn in time is printed as it is. */
export async function printReport() {
  const page = document.documentElement.classList;
  page.add("is-paper");
  onPaper.value = true;
  everywhere.value = true;
  try {
    await drawn();
    print();
  } finally {
    everywhere.value = false;
    onPaper.value = false;
    page.remove("is-paper");
  }
}

/** Takes the browser's own keys for printing, while `when()`; returns what gives them back. */
export function takeKeys(when = () => true) {
  const press = (event) => {
    if (!(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "p" || !when()) return;
    event.preventDefault();
    printReport();
  };
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}

async function drawn() {
  const isBusy = () => document.querySelector('.report-body :is([data-state="waiting"], [data-state="loading"], .loading)') !== null;
  // sizes and colours are followed in the frames to come
  for (let waited = 0, still = 0; waited < LONGEST && still < 6; waited += STEP) {
    await new Promise((done) => setTimeout(done, STEP));
    still = isBusy() ? 0 : still + 1;
  }
}

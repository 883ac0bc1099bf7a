// What is being written: the text of a report that is not saved yet, kept by the browser until it is.

import {put} from "../api.js";
import {computed} from "../html.js";
import {remembered} from "../memory.js";
import {addressOf} from "./source.js";

const heldOf = (name) => remembered(`report-draft.${name}`, null);

/** What was written upon a report goes with it to its new name. */
export function moveDraft(from, to) {
  if (!heldOf(from).peek()) return;
  heldOf(to).value = heldOf(from).peek();
  heldOf(from).value = null;
}

/**
 * The draft of a report: `held` is null, or {text, version}: what was written upon which version of the file.
 *
 * @param {object} saved a signal of the report as the server has it
 */
export function draftOf(name, saved) {
  const held = heldOf(name);
  const isDirty = computed(() => held.value !== null && held.value.text !== saved.value?.text);
  return {
    held,
    isDirty,
    text: computed(() => held.value?.text ?? saved.value?.text ?? ""),
    set(text) {
      held.value = text === saved.peek().text ? null : {text, version: held.peek()?.version ?? saved.peek().version};
    },
    drop() {
      held.value = null;
    },
    /** Saves upon a version; raises ProblemError, 409 where the file is another one by now. */
    async save(version = held.peek()?.version) {
      const {text} = held.peek();
      saved.value = await put(addressOf(name), {text, version});
      // what was typed meanwhile stays a draft, of what is there now
      held.value = held.peek().text === text ? null : {text: held.peek().text, version: saved.peek().version};
    },
  };
}

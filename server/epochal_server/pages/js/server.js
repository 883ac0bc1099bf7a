// What the server says of itself: its version, the folder, the projects, and whether anything may be changed.

import {get} from "./api.js";
import {computed, signal} from "./html.js";

/** {version, root, read_only, boot, projects, forest}; null until it has answered. */
export const server = signal(null);

/** Whether nothing may be changed here: menus grey out what would change a run. */
export const readOnly = computed(() => server.value?.read_only ?? true);

/** Why a change is greyed out, for titles. */
export const READ_ONLY = "This folder is open read-only";

/** Asks anew; called at the start, when runs appear in new projects, and when the server was started again. */
export async function loadServer() {
  server.value = await get("/api/server");
}

// Panels load and draw when they come near the screen; before a page is printed, all of it counts as near.

import { signal } from "../html.js";

const MARGIN = "150px";

/** Whether panels load wherever they are. */
export const everywhere = signal(false);

/** Keeps the signal `near` as it is with an element; returns what ends it. */
export function followNear(element, near) {
  // what can be seen for certain, at once: an observer tells only after the next frame
  const { top, bottom } = element.getBoundingClientRect();
  let seen = bottom > Math.max(top, 0) && top < innerHeight;
  const tell = () => (near.value = seen || everywhere.peek());
  const observer = new IntersectionObserver(
    (entries) => {
      seen = entries.at(-1).isIntersecting;
      tell();
    },
    { rootMargin: MARGIN },
  );
  observer.observe(element);
  const stop = everywhere.subscribe(tell);
  return () => {
    observer.disconnect();
    stop();
  };
}

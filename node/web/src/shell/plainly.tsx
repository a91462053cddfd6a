// Sentences of the node, in which back-quotes mark what is typed or stands in a file.

import type { ComponentChildren } from "preact";

/** Show what stands in back-quotes as code. */
export function plainly(text: string): ComponentChildren[] {
  return text.split("`").map((part, place) => (place % 2 === 1 ? <code key={place}>{part}</code> : part));
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

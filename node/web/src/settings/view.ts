// Moving through the list of settings. `scrollIntoView` would move the panes around it, too.

/** Scroll the list so that an element stands at its top, or a third below it. */
export function bringIntoView(element: Element | null | undefined, at: "top" | "third" = "third"): void {
  const list = element?.closest(".settings-list");
  if (!element || !list) return;
  const below = at === "top" ? 0 : list.clientHeight / 3;
  list.scrollTop += element.getBoundingClientRect().top - list.getBoundingClientRect().top - below;
}

// The colours: as the system has them, or as the owner chose, kept in the setting `ui.theme`.

import { signal } from "@preact/signals";

import { api } from "../net/api";

export type Theme = "auto" | "light" | "dark";

const SETTING = "/api/settings/ui.theme";
/** The last choice, so that the next page begins with it; the node's answer counts. */
const KEPT = "palaver.theme";

export const theme = signal<Theme>("auto");

function show(next: Theme): void {
  theme.value = next;
  document.documentElement.dataset["theme"] = next;
  // The colour of the window around an installed cockpit.
  for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
    const { theme = "" } = meta.dataset;
    meta.media = next === "auto" ? `(prefers-color-scheme: ${theme})` : next === theme ? "all" : "not all";
  }
}

export async function loadTheme(): Promise<void> {
  const kept = localStorage.getItem(KEPT);
  if (kept === "light" || kept === "dark") show(kept);
  show((await api<{ value: Theme }>("GET", SETTING)).value);
  localStorage.setItem(KEPT, theme.peek());
}

export async function chooseTheme(next: Theme): Promise<void> {
  show(next);
  localStorage.setItem(KEPT, next);
  await api("PUT", SETTING, { value: next });
}

// Which keys run which command: the usual ones, and the owner's own from the setting `ui.keys`.

import { signal } from "@preact/signals";

import { api } from "../net/api";
import { command, commands, isAvailable } from "./registry";

export const KEYS_SETTING = "/api/settings/ui.keys";
const MODIFIERS = ["Ctrl", "Alt", "Shift"] as const;
export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

/** The owner's keys by command; a blank one takes the usual one away. */
export const ownKeys = signal<Readonly<Record<string, string>>>({});

export function keysOf(id: string): string {
  return ownKeys.value[id] ?? command(id)?.keys ?? "";
}

/** Return a command's keys as people read them on this machine. */
export function shownKeys(id: string): string {
  return shown(keysOf(id));
}

export function shown(keys: string): string {
  const named = keys.replace("Arrow", "");
  return isMac ? named.replace("Ctrl", "⌘").replace("Alt", "⌥").replace("Shift", "⇧").replaceAll("+", "") : named;
}

/** Name the chord of a key event; null while only modifiers are held. */
export function chordOf(event: KeyboardEvent): string | null {
  if (["Control", "Alt", "Shift", "Meta", "AltGraph"].includes(event.key)) return null;
  const held = { Ctrl: isMac ? event.metaKey : event.ctrlKey, Alt: event.altKey, Shift: event.shiftKey };
  const key = event.key.length === 1 ? keyOf(event) : event.key;
  return [...MODIFIERS.filter((name) => held[name]), key].join("+");
}

/** A letter or digit by its place on the keyboard when Shift or Alt make another character of it. */
function keyOf(event: KeyboardEvent): string {
  const plain = /^(?:Key|Digit)(.)$/.exec(event.code)?.[1];
  const key = plain && (event.shiftKey || event.altKey) ? plain : event.key;
  return key === " " ? "Space" : key.toUpperCase();
}

/** Whether a chord can be taken without eating what somebody types. */
export function isFree(chord: string): boolean {
  return /^(?:Ctrl\+|Alt\+)/.test(chord) || /^(?:Shift\+)?(?:F\d+|Escape)$/.test(chord);
}

/** Run the command of a pressed chord; whatever is open in front keeps its keys. */
export function onKeyDown(event: KeyboardEvent): void {
  if (event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const chord = chordOf(event);
  if (chord === null || !isFree(chord)) return;
  const found = commands().find((one) => keysOf(one.id) === chord && isAvailable(one));
  if (!found) return;
  event.preventDefault();
  void found.run();
}

/** Fetch the owner's keys from the node. */
export async function loadKeys(): Promise<void> {
  ownKeys.value = (await api<{ value: Record<string, string> }>("GET", KEYS_SETTING)).value;
}

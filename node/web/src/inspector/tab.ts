// Which of its two views the inspector shows; whoever asks for a turn gets the turns.

import { signal } from "@preact/signals";

export const TABS = ["Turn", "I/O"] as const;
export const tab = signal<(typeof TABS)[number]>("Turn");

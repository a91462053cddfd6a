// Which peer the pane shows in full; null shows them all.

import { signal } from "@preact/signals";

export const selected = signal<string | null>(null);

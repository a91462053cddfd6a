// Which waiting message is being changed, and to what.

import { signal } from "@preact/signals";

export const editing = signal<{ turnId: string; text: string } | null>(null);

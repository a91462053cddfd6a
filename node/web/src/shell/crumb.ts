// The title of the conversation that is shown, for the breadcrumb and the title of the window; its view sets it.

import { signal } from "@preact/signals";

export const crumb = signal("");

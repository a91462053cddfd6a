// How the settings are sorted and named for people. Pure.

import type { Schema } from "./kinds";

export interface Setting {
  readonly key: string;
  readonly value: unknown;
  readonly default: unknown;
  readonly description: string;
  readonly schema: Schema;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly settings: readonly Setting[];
}

/** In their order; the first whose beginning fits has the setting. */
const GROUPS: readonly { id: string; title: string; begins: readonly string[] }[] = [
  { id: "models", title: "Models", begins: ["models.", "agent.orchestrator."] },
  { id: "permissions", title: "Permissions", begins: ["agent.permissions.", "agent.workspace", "agent.approval"] },
  { id: "agent", title: "Agent", begins: ["agent."] },
  { id: "chat", title: "Conversations", begins: ["chat.", "events."] },
  { id: "network", title: "Peers", begins: ["network."] },
  { id: "console", title: "Console", begins: ["console."] },
  { id: "ui", title: "Cockpit", begins: ["ui."] },
];
const OTHERS = { id: "others", title: "Everything else" };
const UNITS: Readonly<Record<string, string>> = { S: "seconds", Chars: "characters", Mb: "MB" };

/** Sort the settings that fit what is looked for into their groups; empty groups are left out. */
export function grouped(settings: readonly Setting[], wanted: string): Group[] {
  const fitting = settings.filter((setting) => fits(setting, wanted));
  const groupOf = ({ key }: Setting) => GROUPS.find(({ begins }) => begins.some((start) => key.startsWith(start)))?.id ?? OTHERS.id;
  return [...GROUPS, OTHERS]
    .map(({ id, title }) => ({ id, title, settings: fitting.filter((setting) => groupOf(setting) === id) }))
    .filter((group) => group.settings.length > 0);
}

function fits({ key, description }: Setting, wanted: string): boolean {
  const there = `${key} ${nameOf(key)} ${description}`.toLowerCase();
  return wanted.toLowerCase().split(/\s+/).every((word) => there.includes(word));
}

/** Name a setting as a person would: `agent.toolTimeoutS` is `Tool timeout (seconds)`. */
export function nameOf(key: string): string {
  const [last = key, before = ""] = key.split(".").reverse();
  const words = last.split(/(?=[A-Z])/);
  const unit = words.length > 1 ? UNITS[words.at(-1) ?? ""] : undefined;
  const said = (unit ? words.slice(0, -1) : words).join(" ").toLowerCase();
  const short = OF_TWO.has(key) ? `${said} ${before}` : said;
  const spelled = short.replace(/\burl\b/, "address").replace(/\btop p\b/, "top-p").replace(/\blan\b/, "LAN");
  const name = spelled.charAt(0).toUpperCase() + spelled.slice(1);
  return unit ? `${name} (${unit})` : name;
}

/** Settings whose last word says too little alone. */
const OF_TWO = new Set(["telemetry.keep", "models.default"]);

export function isDefault({ value, default: usual }: Setting): boolean {
  return JSON.stringify(value) === JSON.stringify(usual);
}

// The icons, drawn on a grid of 16 with strokes of 1.5; they are ornaments beside a name that says the same.

const paths = {
  activity: "M1.5 8.5h3l2-6 3 11 2-5h3",
  apps: "M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z",
  bell: "M4 11.5V7a4 4 0 0 1 8 0v4.5l1 1H3zM6.5 14.5h3",
  check: "M3 8.5l3.5 3.5L13 4.5",
  chevron: "M4.5 6.5L8 10l3.5-3.5",
  clock: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.5V8l2.5 1.5",
  close: "M4 4l8 8M12 4l-8 8",
  command: "M2.5 4.5l3.5 3.5-3.5 3.5M8 12h5.5",
  conversation: "M2.5 3h11v8h-6l-3 2.5V11h-2z",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  dock: "M2.5 2.5h11v11h-11zM2.5 9.5h11",
  edit: "M3 13l.5-3L10.5 3l2.5 2.5-7 7zM9 4.5L11.5 7",
  file: "M4 1.5h5.5L12.5 5v9.5H4zM9 1.5V5.5h3.5",
  files: "M1.5 3.5h4.5l1.5 2h7v8h-13z",
  float: "M2.5 5.5h8v8h-8zM5.5 5.5v-3h8v8h-3",
  inspector: "M3.5 2.5v9.5h4M3.5 5h4M8.5 3h5v4h-5zM8.5 10h5v4h-5z",
  layout: "M2.5 2.5h11v11h-11zM6.5 2.5v11M6.5 8h7",
  link: "M6.5 9.5l3-3M7 4.5l1.5-1.5a3 3 0 0 1 4.5 4.5L11.5 9M9 11.5L7.5 13A3 3 0 0 1 3 8.5L4.5 7",
  lock: "M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  maximize: "M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5l-5 5M2.5 13.5l5-5",
  menu: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  model: "M4.5 4.5h7v7h-7zM6 1.5v3M10 1.5v3M6 11.5v3M10 11.5v3M1.5 6h3M1.5 10h3M11.5 6h3M11.5 10h3",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  peers: "M8 2a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM3.5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM12.5 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM7 6l-2.5 4M9 6l2.5 4M5.5 12h5",
  pin: "M6 2.5h4l-.5 4.5 2 2.5h-7l2-2.5zM8 9.5v4",
  plus: "M8 3v10M3 8h10",
  queue: "M2.5 4h11M2.5 8h11M2.5 12h7",
  relay: "M2 5.5h10.5M9.5 2.5l3 3-3 3M14 10.5H3.5M6.5 7.5l-3 3 3 3",
  restore: "M13.5 6.5h-4v-4M2.5 9.5h4v4M9.5 6.5l4-4M6.5 9.5l-4 4",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5l3.5 3.5",
  send: "M2.5 8L13.5 2.5 10 13.5 7.5 9z",
  sessions: "M2.5 3.5h11M2.5 8h11M2.5 12.5h11",
  settings: "M2.5 4.5h6M12.5 4.5h1M8.5 2.5v4h4v-4zM2.5 11.5h1M7.5 11.5h6M3.5 9.5v4h4v-4z",
  skills: "M8 1.5l2 4.3 4.5.6-3.3 3.2.8 4.6L8 12l-4 2.2.8-4.6L1.5 6.4 6 5.8z",
  split: "M2.5 2.5h11v11h-11zM8 2.5v11",
  splitBelow: "M2.5 2.5h11v11h-11zM2.5 8h11",
  stop: "M4 4h8v8H4z",
  sun: "M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  tool: "M10 2.5a3.5 3.5 0 0 0-3.3 4.7L2.5 11.5l2 2 4.3-4.2A3.5 3.5 0 0 0 13.3 5L11 7 9 5z",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.5 9h6l.5-9",
  warning: "M8 2.5L14.5 13.5h-13zM8 6.5v3.5M8 12h.01",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

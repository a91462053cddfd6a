import { expect, test } from "vitest";

import { type Note } from "./model";
import { AT_END, SHOWN_MAX_ITEMS, STEP_ITEMS, earlier, later, shownIn } from "./window";

const note = (number: number): Note => ({ kind: "note", id: String(number), role: "user", text: "", position: number });
const ALL = Array.from({ length: 2_000 }, (_, number) => note(number));
const ends = (window: typeof AT_END) => {
  const { items } = shownIn(ALL, window);
  return [Number(items[0]?.id), Number(items.at(-1)?.id), items.length];
};

test("whoever goes up to the first turn and down to the last meets each, and never many at once", () => {
  const met = new Set<string>();
  let window = AT_END;
  const look = () => {
    const { items } = shownIn(ALL, window);
    expect(items.length).toBeLessThanOrEqual(SHOWN_MAX_ITEMS);
    for (const { id } of items) met.add(id);
  };
  for (look(); shownIn(ALL, window).before > 0; look()) window = earlier(ALL, window);
  expect(met.size).toBe(ALL.length);
  met.clear();
  for (look(); shownIn(ALL, window).behind > 0; look()) window = later(ALL, window);
  expect(met.size).toBe(ALL.length);
  expect(window.end).toBeNull();
});

test("what is read stays in the page when it moves by a step", () => {
  let window = AT_END;
  for (let step = 0; step < 50; step++) {
    const [first] = ends(window);
    window = earlier(ALL, window);
    expect(ends(window)[0]).toBe((first ?? 0) - STEP_ITEMS);
    expect(ends(window)[1]).toBeGreaterThan(first ?? 0);
  }
});

test("a window further up stays where it is while the conversation goes on", () => {
  let window = AT_END;
  while (window.end === null) window = earlier(ALL, window);
  const more = [...ALL, note(2_000)];
  expect(shownIn(more, window).items).toEqual(shownIn(ALL, window).items);
  expect(shownIn(more, AT_END).items.at(-1)?.id).toBe("2000");
});

test("a window whose last turn was deleted shows the end", () => {
  expect(shownIn(ALL, { end: "gone", count: 5 }).items.at(-1)?.id).toBe("1999");
});

import { expect, test } from "vitest";

import { chordOf, isFree } from "./keys";
import { fit, ranked } from "./match";

function pressed(key: string, more: Partial<KeyboardEvent> = {}): KeyboardEvent {
  return { key, code: "", ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...more } as KeyboardEvent;
}

test("a chord is named by what is held and by the key, whatever character they make together", () => {
  expect(chordOf(pressed("k", { ctrlKey: true }))).toBe("Ctrl+K");
  expect(chordOf(pressed("O", { ctrlKey: true, shiftKey: true, code: "KeyO" }))).toBe("Ctrl+Shift+O");
  expect(chordOf(pressed("µ", { ctrlKey: true, altKey: true, code: "KeyM" }))).toBe("Ctrl+Alt+M");
  expect(chordOf(pressed("ArrowLeft", { ctrlKey: true, altKey: true }))).toBe("Ctrl+Alt+ArrowLeft");
  expect(chordOf(pressed("Escape", { shiftKey: true }))).toBe("Shift+Escape");
  expect(chordOf(pressed("Control", { ctrlKey: true }))).toBeNull();
});

test("what is needed for typing is never taken for a command", () => {
  for (const chord of ["A", "Shift+A", "Enter", "ArrowLeft", "Space", "Shift+Tab"]) expect(isFree(chord)).toBe(false);
  for (const chord of ["Ctrl+K", "F6", "Shift+F6", "Shift+Escape", "Alt+1"]) expect(isFree(chord)).toBe(true);
});

test("the better a text fits, the higher it scores", () => {
  const texts = ["Reset layout", "Reset layout now", "How to reset a layout", "Presets of the layout", "Rare set laid out"];
  const scores = texts.map((text) => fit("reset layout", text));
  expect(scores).toEqual([...scores].sort((one, other) => other - one));
  expect(scores[0]).toBe(1);
  expect(fit("reset layout", "Sessions")).toBe(0);
  expect(fit("!?", "Sessions")).toBe(0);
});

test("everything is listed while nothing is typed, and then only what fits, the best first", () => {
  const all = ["Move pane below", "Close pane", "Open Sessions"];
  expect(ranked("", all, (one) => [one])).toEqual(all);
  expect(ranked("pane", all, (one) => [one])).toEqual(["Move pane below", "Close pane"]);
  expect(ranked("close", all, (one) => [one])).toEqual(["Close pane"]);
});

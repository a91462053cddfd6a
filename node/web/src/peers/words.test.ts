import { expect, test } from "vitest";

import { ago, countdown, outcomeOf, placeOf, plural, refusalOf, roundTrip, span } from "./words";

test("a time is told in its largest unit, and one to come counts as now", () => {
  expect([ago(null, 100), ago(95, 100), ago(200, 100), ago(40, 100), ago(0, 7_300)]).toEqual([
    "never",
    "now",
    "now",
    "1 min ago",
    "2 h ago",
  ]);
  expect([span(59.9), span(86_400), span(200_000)]).toEqual(["59 s", "1 day", "2 days"]);
});

test("a countdown ends at nothing and never before", () => {
  expect([countdown(169, 100), countdown(100.2, 100), countdown(90, 100)]).toEqual(["1:09", "0:00", "0:00"]);
});

test("an outcome that nobody here knows is shown as the node calls it", () => {
  expect(outcomeOf("new_reason", "in")).toBe("new_reason");
  expect(outcomeOf(null, "out")).toBe("under way");
  expect(outcomeOf("cancelled", "in")).not.toBe(outcomeOf("cancelled", "out"));
});

test("places and counts read as people say them", () => {
  expect(placeOf({ unit: "line", first: 3, last: 3 })).toBe("line 3");
  expect(placeOf({ unit: "page", first: 1, last: 2 })).toBe("pages 1–2");
  expect([plural(1, "file"), plural(1_200, "file")]).toEqual(["1 file", "1,200 files"]);
  expect([roundTrip(null), roundTrip(0.4), roundTrip(12.6)]).toEqual(["", "< 1 ms", "13 ms"]);
});

test("a refusal says who decides, and any other reason stands as it was said", () => {
  expect(refusalOf("not_allowed", "palaver grant", "bob")).toContain("bob's owner does not let you ask");
  expect(refusalOf("busy", "come back in 5 s", "bob")).toBe("come back in 5 s");
  expect(refusalOf("", "", "bob")).not.toBe("");
});

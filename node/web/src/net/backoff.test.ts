import { expect, test } from "vitest";

import { pauseBefore } from "./backoff";

test("the pauses grow to a limit, and no two pages have to come back at the same time", () => {
  expect([1, 2, 3, 9].map((tries) => pauseBefore(tries, 1))).toEqual([250, 500, 1_000, 8_000]);
  expect(pauseBefore(1, 0)).toBe(125);
});

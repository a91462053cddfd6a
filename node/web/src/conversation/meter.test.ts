import { expect, test } from "vitest";

import { fullness } from "./meter";

const usage = (promptTokens: number | null, contextWindow: number | null) => ({ promptTokens, completionTokens: 9, contextWindow, model: "tiny" });

test("how full the window is comes from what the server counted, and is never more than all of it", () => {
  expect(fullness(usage(2_500, 32_768), null)).toEqual({ text: "2.5K / 32K (8 %)", level: "fine", percent: 8 });
  expect(fullness(usage(75, 100), null).level).toBe("filling");
  expect(fullness(usage(90, 100), null).level).toBe("full");
  expect(fullness(usage(5_000, 4_096), null).text).toBe("5K / 4K (100 %)");
});

test("what is not reported is unknown, never zero", () => {
  expect(fullness(usage(null, null), null)).toEqual({ text: "unknown", level: "unknown", percent: null });
  expect(fullness(usage(null, 4_096), null).text).toBe("unknown / 4K");
  expect(fullness(null, 4_096).text).toBe("up to 4K");
  expect(fullness(usage(20, null), null).text).toBe("20 / unknown");
});

import { describe, expect, it } from "vitest";

import { type Setting, grouped, isDefault, nameOf } from "./groups";
import { type Schema, inWords, kindOf, readTyped, typedOf } from "./kinds";

const WHOLE_OR_BLANK: Schema = { anyOf: [{ type: "integer", minimum: 512, maximum: 10_000_000 }, { type: "null" }] };

describe("the kind of a setting", () => {
  it.each([
    [{ type: "boolean" }, "flag"],
    [{ type: "string", enum: ["auto", "dark"] }, "choice"],
    [{ type: "string", const: "manual" }, "fixed"],
    [{ type: "integer", minimum: 1 }, "number"],
    [WHOLE_OR_BLANK, "number"],
    [{ type: "string", maxLength: 200 }, "text"],
    [{ type: "array", items: { type: "string" } }, "lines"],
    [{ type: "array", items: { type: "string", enum: ["ask"] } }, "choices"],
    [{ type: "array", items: { type: "object" } }, "json"],
    [{ type: "object" }, "json"],
    [{}, "json"],
  ])("of %j is %s", (schema, kind) => expect(kindOf(schema).kind).toBe(kind));
});

describe("what is typed", () => {
  it.each<[Schema, string, unknown]>([
    [{ type: "integer", minimum: 1, maximum: 64 }, " 8 ", { value: 8 }],
    [{ type: "integer", minimum: 1, maximum: 64 }, "65", { problem: "write a whole number from 1 to 64" }],
    [{ type: "integer" }, "1.5", { problem: "write a whole number" }],
    [{ type: "number", exclusiveMinimum: 0, maximum: 86_400 }, "0", { problem: "write a number above 0 to 86,400" }],
    [{ type: "number" }, "abc", { problem: "write a number" }],
    [{ type: "number" }, "", { problem: "write a number" }],
    [WHOLE_OR_BLANK, "", { value: null }],
    [WHOLE_OR_BLANK, "400,000", { value: 400_000 }],
    [{ type: "array", items: { type: "string" } }, "a\n\n b ", { value: ["a", "b"] }],
    [{ type: "object" }, '{"a": 1}', { value: { a: 1 } }],
    [{ type: "object" }, "{", { problem: "this is no JSON" }],
    [{ type: "string" }, " as it is ", { value: " as it is " }],
  ])("for %j as %j is read as %j", (schema, typed, read) => expect(readTyped(kindOf(schema), typed)).toEqual(read));

  it("is what is shown of the value", () => {
    expect(typedOf(kindOf(WHOLE_OR_BLANK), null)).toBe("");
    expect(typedOf({ kind: "lines" }, ["a", "b"])).toBe("a\nb");
    expect(typedOf({ kind: "json" }, { a: 1 })).toBe('{"a":1}');
    expect([null, true, [], ["a", "b"], 5000, {}].map(inWords)).toEqual(["blank", "on", "empty", "a, b", "5,000", "empty"]);
  });
});

describe("the settings for people", () => {
  const setting = (key: string, more: Partial<Setting> = {}): Setting => ({ key, value: 1, default: 1, description: "What it means.", schema: {}, ...more });

  it("have names of words", () => {
    const keys = ["agent.toolTimeoutS", "agent.replyMaxChars", "models.url", "network.enableLanDiscovery", "telemetry.keep", "ui.theme"];
    expect(keys.map(nameOf)).toEqual(["Tool timeout (seconds)", "Reply max (characters)", "Address", "Enable LAN discovery", "Keep telemetry", "Theme"]);
  });

  it("stand in groups, and none is left out", () => {
    const all = ["agent.permissions.mode", "agent.maxRounds", "agent.orchestrator.model", "hooks.dir"].map((key) => setting(key));
    expect(grouped(all, "").map(({ id, settings }) => [id, settings.map(({ key }) => key)])).toEqual([
      ["models", ["agent.orchestrator.model"]],
      ["permissions", ["agent.permissions.mode"]],
      ["agent", ["agent.maxRounds"]],
      ["others", ["hooks.dir"]],
    ]);
  });

  it("are found by words of their key, name and meaning", () => {
    const all = [setting("agent.toolTimeoutS", { description: "Seconds that a call may take." }), setting("ui.theme")];
    const found = (wanted: string) => grouped(all, wanted).flatMap(({ settings }) => settings.map(({ key }) => key));
    expect(found("tool timeout")).toEqual(["agent.toolTimeoutS"]);
    expect(found("CALL take")).toEqual(["agent.toolTimeoutS"]);
    expect(found("nothing")).toEqual([]);
  });

  it("say whether they are as they come", () => {
    expect(isDefault(setting("a", { value: [], default: [] }))).toBe(true);
    expect(isDefault(setting("a", { value: [1], default: [] }))).toBe(false);
  });
});

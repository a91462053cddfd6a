// What kind of value a setting takes, by its schema, and how such a value is read from what somebody typed. Pure.

/** As the node gives it: the part of JSON Schema that its settings use. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly maxLength?: number;
}

export type Kind =
  | { readonly kind: "flag" }
  | { readonly kind: "choice"; readonly options: readonly string[] }
  | { readonly kind: "number"; readonly schema: Schema; readonly canBeBlank: boolean }
  | { readonly kind: "text"; readonly maxLength: number }
  | { readonly kind: "choices"; readonly options: readonly string[] }
  | { readonly kind: "lines" }
  | { readonly kind: "fixed" }
  /** Anything else: shown and taken as JSON. */
  | { readonly kind: "json" };

const TEXT_MAX_CHARS = 10_000;

export function kindOf(schema: Schema): Kind {
  if (schema.const !== undefined) return { kind: "fixed" };
  if (schema.enum) return { kind: "choice", options: schema.enum };
  if (schema.anyOf) return blankOr(schema.anyOf);
  switch (schema.type) {
    case "boolean":
      return { kind: "flag" };
    case "integer":
    case "number":
      return { kind: "number", schema, canBeBlank: false };
    case "string":
      return { kind: "text", maxLength: schema.maxLength ?? TEXT_MAX_CHARS };
    case "array":
      return schema.items?.enum ? { kind: "choices", options: schema.items.enum } : schema.items?.type === "string" ? { kind: "lines" } : { kind: "json" };
    default:
      return { kind: "json" };
  }
}

function blankOr(parts: readonly Schema[]): Kind {
  const some = parts.filter(({ type }) => type !== "null");
  const kind = some.length === 1 && some[0] ? kindOf(some[0]) : null;
  return kind?.kind === "number" ? { ...kind, canBeBlank: parts.length > 1 } : { kind: "json" };
}

export type Read = { readonly value: unknown } | { readonly problem: string };

/** Read what was typed; the node checks it again. */
export function readTyped(kind: Kind, typed: string): Read {
  switch (kind.kind) {
    case "number":
      return readNumber(kind, typed.trim());
    case "lines":
      return { value: typed.split("\n").map((line) => line.trim()).filter(Boolean) };
    case "json":
      try {
        return { value: JSON.parse(typed) };
      } catch {
        return { problem: "this is no JSON" };
      }
    default:
      return { value: typed };
  }
}

function readNumber({ schema, canBeBlank }: Extract<Kind, { kind: "number" }>, typed: string): Read {
  if (typed === "") return canBeBlank ? { value: null } : { problem: `write ${bounds(schema)}` };
  const value = Number(typed.replaceAll(",", "").replaceAll("_", ""));
  const isWhole = schema.type !== "integer" || Number.isInteger(value);
  const fits = value >= (schema.minimum ?? -Infinity) && value > (schema.exclusiveMinimum ?? -Infinity) && value <= (schema.maximum ?? Infinity);
  return isWhole && fits ? { value } : { problem: `write ${bounds(schema)}` };
}

/** As `a whole number from 1 to 64`. */
export function bounds({ type, minimum, exclusiveMinimum, maximum }: Schema): string {
  const what = type === "integer" ? "a whole number" : "a number";
  const from = minimum !== undefined ? ` from ${minimum.toLocaleString("en")}` : exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum.toLocaleString("en")}` : "";
  return `${what}${from}${maximum === undefined ? "" : ` to ${maximum.toLocaleString("en")}`}`;
}

/** Write a value as it is typed. */
export function typedOf(kind: Kind, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (kind.kind === "lines" && Array.isArray(value)) return value.join("\n");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A value in a few words, for saying what the default is. */
export function inWords(value: unknown): string {
  if (value === null || value === "") return "blank";
  if (value === true) return "on";
  if (value === false) return "off";
  if (Array.isArray(value)) return value.length === 0 ? "empty" : value.join(", ");
  if (typeof value === "number") return value.toLocaleString("en");
  if (typeof value === "object") return Object.keys(value as object).length === 0 ? "empty" : JSON.stringify(value);
  return String(value);
}

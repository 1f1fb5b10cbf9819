import { parseGoBoolean, parseGoDuration, parseGoInteger } from "./go-values.ts";
import { Secret } from "./secret.ts";
import type { SettingDeclaration } from "./setting-declarations.ts";

/** A value, or what was expected instead. */
export type ParsedValue = { readonly value: unknown } | { readonly expected: string };

/** Reads the value of a setting; a list comes as often as it was given. */
export function parseValue(setting: SettingDeclaration, texts: readonly string[]): ParsedValue {
  const text = texts.at(-1) ?? "";
  switch (setting.type) {
    case "string":
      return parseString(text, setting);
    case "integer":
      return parseNumber(text, setting, Number);
    case "bigint":
      return parseNumber(text, setting, BigInt);
    case "boolean":
      return orExpected(parseGoBoolean(text), "true or false");
    case "duration":
      return orExpected(parseGoDuration(text), "a duration such as 1m30s");
    case "list":
      return parseList(texts, setting);
    case "choice":
      return orExpected(
        setting.choices.find((choice) => choice === text),
        `one of ${setting.choices.join(", ")}`,
      );
    default:
      return setting satisfies never;
  }
}

/** What `--help` and errors call a value of this type. */
export function describeType(setting: SettingDeclaration): string {
  return setting.type === "choice" ? setting.choices.join("|") : setting.type;
}

function parseString(
  text: string,
  { required, secret }: SettingDeclaration & { readonly type: "string" },
): ParsedValue {
  if (required === true && text === "") return { expected: "a text" };
  return { value: secret === true ? new Secret(text) : text };
}

function parseNumber<Value extends number | bigint>(
  text: string,
  { min, max }: { readonly min?: Value; readonly max?: Value },
  convert: (value: bigint) => Value,
): ParsedValue {
  const parsed = parseGoInteger(text);
  if (parsed === undefined) return { expected: `a whole number${formatRange(min, max)}` };
  const value = convert(parsed);
  const isInside = (min === undefined || value >= min) && (max === undefined || value <= max);
  const isExact = typeof value === "bigint" || Number.isSafeInteger(value);
  return isInside && isExact ? { value } : { expected: `a whole number${formatRange(min, max)}` };
}

function formatRange(min: number | bigint | undefined, max: number | bigint | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` not below ${min}`;
  return max === undefined ? "" : ` not above ${max}`;
}

function parseList(
  texts: readonly string[],
  { required }: SettingDeclaration & { readonly type: "list" },
): ParsedValue {
  const items = texts
    .flatMap((text) => text.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
  return required === true && items.length === 0 ? { expected: "at least one text" } : { value: items };
}

function orExpected(value: unknown, expected: string): ParsedValue {
  return value === undefined ? { expected } : { value };
}

import { z } from "zod";

// SFTPGo reads its file loosely: a missing or null value is the zero value, a number may be written as text, a list as
// text with commas. What is accepted here is that, less what could only be a mistake.

export const text = z.preprocess(
  (value) => (typeof value === "number" ? String(value) : (value ?? "")),
  z.string("expected text").refine((value) => !value.includes("\0"), "must not contain a NUL byte"),
);

const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["t", true],
  ["true", true],
  ["0", false],
  ["f", false],
  ["false", false],
]);

export const boolean = (fallback: boolean) =>
  z.preprocess((value) => {
    if (isAbsent(value)) return fallback;
    if (typeof value !== "string" && typeof value !== "number") return value;
    return booleanTexts.get(String(value).toLowerCase()) ?? value;
  }, z.boolean("expected true or false"));

export const integer = z.preprocess((value) => {
  if (isAbsent(value)) return 0;
  return typeof value === "string" && /^[+-]?\d+$/.test(value) ? Number(value) : value;
}, z.int32("expected a whole number"));

export const list = <Item extends z.ZodType>(item: Item, expected: string) =>
  z.preprocess(
    (value) => {
      if (isAbsent(value)) return [];
      if (typeof value === "string") return value.split(",");
      return typeof value === "number" ? [value] : value;
    },
    z.array(item, expected),
  );

export const texts = list(text, "expected a list of texts");

/** An object of keys; absent means one without any. */
export const group = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.preprocess((value) => value ?? {}, z.object(shape, "expected an object"));

/**
 * As {@link group}, but absent stays `undefined`. Null is refused: `sandbox:` without anything below it, in YAML, must not
 * mean that there is none.
 */
export const optionalGroup = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.object(shape, "expected an object; {} takes its defaults").optional();

/** A value that says nothing: SFTPGo takes the default for it. */
export function isAbsent(value: unknown): value is undefined | null | "" {
  return value === undefined || value === null || value === "";
}

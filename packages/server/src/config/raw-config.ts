import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";

/** Lower-case keys all the way down, except below the keys in `verbatim`. Later spellings of a key win. */
export function foldKeys(value: unknown, verbatim: ReadonlySet<string> = new Set()): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => foldKeys(item));
  }
  if (!isJsonDocument(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const name = key.toLowerCase();
      return [name, verbatim.has(name) ? item : foldKeys(item)];
    }),
  );
}

/** The value at a path of keys and list positions; `undefined` when a step is missing. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) {
      return undefined;
    }
    current = (current as Readonly<Record<string, unknown>>)[step];
  }
  return current;
}

/** A copy with the value at `path` replaced; missing objects on the way are made. */
export function withValueAt(value: unknown, path: readonly string[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return replacement;
  }
  if (Array.isArray(value)) {
    const copy = Array.from<unknown>(value);
    // An index beyond the end appends, so gaps close up, as in SFTPGo.
    const index = Math.min(Number(step), copy.length);
    copy[index] = withValueAt(copy[index], rest, replacement);
    return copy;
  }
  const object: JsonDocument = isJsonDocument(value) ? value : {};
  return { ...object, [step]: withValueAt(object[step], rest, replacement) };
}

/** True for values that ask for nothing: absent, false, zero, empty. */
export function isNeutral(value: unknown): boolean {
  if (Array.isArray(value)) {
    return value.every((item) => isNeutral(item));
  }
  if (isJsonDocument(value)) {
    return Object.values(value).every((item) => isNeutral(item));
  }
  return value === undefined || value === null || value === false || value === 0 || value === "" || value === "0";
}

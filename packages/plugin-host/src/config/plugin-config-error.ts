import { PluginHostError } from "../plugin-host-error.ts";

/** `2.notifier_options.fs_events` → the variable its value came from. */
export type Origins = ReadonlyMap<string, string>;

/** A `plugins` section being read. */
export interface Section {
  readonly source: string;
  readonly origins: Origins;
  readonly onWarning: (warning: string) => void;
  /** Found so far. */
  unknownKeys: number;
}

/** One entry of it. */
export interface Place {
  readonly section: Section;
  readonly index: number;
}

/** `plugins[1].cmd in sftpgo.json <problem>`, or of the variable that it came from. */
export function configError(path: readonly string[], problem: string, place: Place): PluginHostError {
  return new PluginHostError("ERR_PLUGIN_CONFIG", `${formatEntry(path, place)} ${problem}`, {
    details: {
      source: place.section.source,
      index: place.index,
      key: path.join("."),
      variable: originOf(path, place),
    },
  });
}

/** The key, and where its value stands. */
export function formatEntry(path: readonly string[], place: Place): string {
  const variable = originOf(path, place);
  return `${formatKey(path, place)} in ${variable ?? place.section.source}`;
}

/** `plugins[1].notifier_options.fs_events`. */
export function formatKey(path: readonly string[], { index }: Place): string {
  return [`plugins[${index}]`, ...path].join(".");
}

/** Of the key itself, or of the list it is in. */
function originOf(path: readonly string[], { section, index }: Place): string | undefined {
  for (let end = path.length; end > 0; end--) {
    const variable = section.origins.get([index, ...path.slice(0, end)].join("."));
    if (variable !== undefined) return variable;
  }
  return undefined;
}

const maxValueLength = 200;

/** A value for a message: short, and nothing from inside of lists and objects, which may hold what nobody should read. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return `of type ${typeof value}`;
  const text = JSON.stringify(value.slice(0, maxValueLength + 1));
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}

/** The value at a path of keys and list positions, of own properties only. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[step];
  }
  return current;
}

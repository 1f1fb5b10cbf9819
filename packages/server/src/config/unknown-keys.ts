import type { Env } from "./env-files.ts";
import { isKnownKey, JUDGED_SECTIONS, KNOWN_SECTIONS, suggestKey } from "./known-keys.ts";

/** How many are named; a file of something else entirely has thousands. */
const MAX_NAMED = 50;

/**
 * One sentence for each key and variable that means nothing, whatever its value: `false` under a misspelt name leaves
 * the real one switched on.
 */
export function findUnknown(raw: unknown, env: Env): readonly string[] {
  const paths = unknownPaths(raw, []);
  const named = paths.slice(0, MAX_NAMED).map((path) => `${describe(path)} is ignored${suggestKey(path)}`);
  const rest = paths.length - named.length;
  return [...named, ...(rest > 0 ? [`${rest} further unknown keys are ignored`] : []), ...unknownVariables(env)];
}

function unknownPaths(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([step, item]: [string, unknown]) => {
    const place = [...path, step];
    if (path.length === 0 ? !KNOWN_SECTIONS.includes(step) : !isKnownKey(place)) {
      return [place];
    }
    return path.length > 0 || JUDGED_SECTIONS.includes(step) ? unknownPaths(item, place) : [];
  });
}

function describe(path: readonly string[]): string {
  return path.length === 1 ? `unknown section "${path.join()}"` : `unknown key "${path.join(".")}"`;
}

const PREFIX = "SFTPGO_";

/** Variables of other programs have no `__` and do not begin like one of our sections. */
function unknownVariables(env: Env): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => {
    // Variables of the plugins' list are judged by its reader, `SFTPGO_PLUGIN_…` belong to plugins.
    if (value === undefined || value === "" || !name.startsWith(PREFIX) || name.startsWith(`${PREFIX}PLUGIN`)) {
      return [];
    }
    const path = name.slice(PREFIX.length).toLowerCase().split("__");
    if (path.length === 1) {
      return JUDGED_SECTIONS.some((section) => name.startsWith(`${PREFIX}${section.toUpperCase()}_`))
        ? [`unknown variable ${name} is ignored; section and key are separated by two underscores`]
        : [];
    }
    const [section = ""] = path;
    if (!KNOWN_SECTIONS.includes(section)) {
      return [`unknown variable ${name} is ignored${suggestKey([section])}`];
    }
    return isKnownKey(path) ? [] : [`unknown variable ${name} is ignored${suggestKey(path)}`];
  });
}

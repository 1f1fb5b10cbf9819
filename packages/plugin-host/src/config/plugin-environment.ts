import { PluginHostError } from "../plugin-host-error.ts";
import type { Env } from "./env.ts";
import { describeValue } from "./plugin-config-error.ts";
import type { Origins } from "./plugin-config-error.ts";
import { PLUGIN_KEYS, formatEnvName, misspeltGuard } from "./plugin-keys.ts";
import type { EnvValueKind } from "./plugin-keys.ts";

/** SFTPGo looks at indexes 0 to 9 only. */
const maxEnvironmentEntries = 10;

const prefix = "SFTPGO_PLUGINS_";

const knownVariables = new Set(
  Array.from({ length: maxEnvironmentEntries }, (_, index) =>
    PLUGIN_KEYS.map(({ path }) => formatEnvName(index, path)),
  ).flat(),
);

/**
 * One sentence for each variable that looks like one of {@link applyPluginEnvironment} and is none.
 *
 * @throws PluginHostError for one that looks like a misspelt one that protects, such as `SHA256SUM` or `AUTO_MTLS`, or that
 *   should be one of our options: the plugin would run unprotected
 */
export function findUnknownPluginVariables(env: Env): readonly string[] {
  const names = Object.keys(env).filter(
    (name) => name.startsWith(prefix) && !knownVariables.has(name) && (env[name] ?? "") !== "",
  );
  for (const name of names) {
    const [, , ...path] = name.toLowerCase().split("__");
    const guard = path.map((_, end) => misspeltGuard(path.slice(0, end + 1))).find((found) => found !== undefined);
    if (guard !== undefined) {
      throw new PluginHostError(
        "ERR_PLUGIN_CONFIG",
        `${name} is no variable: did you mean ${formatEnvName("N", guard.split("."))}, N from 0 to 9? Without it the plugin is not protected`,
        { details: { variable: name } },
      );
    }
  }
  return names.map((name) => `unknown variable ${name} is ignored`);
}

/** A `plugins` section with its variables laid over it. */
export interface PluginsWithEnvironment {
  /** Unchecked: {@link parsePluginConfigs} judges it. */
  readonly plugins: unknown;
  /** Which values came from which variable: `2.args` → `SFTPGO_PLUGINS__5__ARGS`. */
  readonly origins: Origins;
  /** One sentence for each variable whose value is not used, as it is no number or boolean. */
  readonly warnings: readonly string[];
}

/**
 * Lays the variables `SFTPGO_PLUGINS__N__*` over the `plugins` list of a configuration file, with SFTPGo's rules: the
 * environment wins field by field; an index beyond the end of the list appends, so gaps close up; a variable that is set
 * but empty clears a list (but not `log_events`); a number or boolean that does not parse is as good as unset. Of our own
 * options an empty variable is as good as unset, and one that does not parse is for {@link parsePluginConfigs} to refuse.
 *
 * Takes and returns unchecked values. A `rawPlugins` that is no list comes back as it is.
 */
export function applyPluginEnvironment(rawPlugins: unknown, env: Env): PluginsWithEnvironment {
  const origins = new Map<string, string>();
  const warnings: string[] = [];
  if (rawPlugins !== undefined && rawPlugins !== null && !Array.isArray(rawPlugins)) {
    return { plugins: rawPlugins, origins, warnings };
  }
  const plugins: unknown[] = [...((rawPlugins as readonly unknown[] | undefined | null) ?? [])];
  for (let index = 0; index < maxEnvironmentEntries; index++) {
    const fields = readFields(index, env, warnings);
    if (fields.length === 0) continue;
    // The index counts in the list as it is now, with what lower indexes appended.
    const position = Math.min(index, plugins.length);
    plugins[position] = fields.reduce((entry, { path, value }) => withValue(entry, path, value), plugins[position]);
    for (const { path, variable } of fields) origins.set([position, ...path].join("."), variable);
  }
  return { plugins, origins, warnings };
}

interface Field {
  readonly path: readonly string[];
  readonly variable: string;
  readonly value: unknown;
}

function readFields(index: number, env: Env, warnings: string[]): readonly Field[] {
  return PLUGIN_KEYS.flatMap(({ path, env: kind }) => {
    const variable = formatEnvName(index, path);
    const text = env[variable];
    if (text === undefined) return [];
    const value = envParsers[kind](text);
    if (value !== undefined) return [{ path, variable, value }];
    if (text !== "") warnings.push(`${variable} is ${describeValue(text)}, ${expected[kind]}: it is ignored`);
    return [];
  });
}

const envParsers: Readonly<Record<EnvValueKind, (text: string) => unknown>> = {
  text: (text) => text,
  list: parseList,
  "log-events": parseLogEvents,
  integer: (text) => parseInteger(text.trim()),
  boolean: (text) => parseBoolean(text.trim()),
  own: (text) => (text === "" ? undefined : text.trim()),
};

/** What a text that does not parse is not. */
const expected: Readonly<Record<EnvValueKind, string>> = {
  text: "no text",
  list: "no list",
  "log-events": "no list of whole numbers",
  integer: "no whole number",
  boolean: "not true or false",
  own: "no value",
};

function parseList(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function parseLogEvents(text: string): readonly number[] | undefined {
  const events = parseList(text).flatMap((item) => parseInteger(item) ?? []);
  return events.length === 0 ? undefined : events;
}

/** Go's ParseInt in base 10, 32 bits. */
function parseInteger(text: string): number | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value === Math.trunc(value) && value >= -(2 ** 31) && value < 2 ** 31 ? value : undefined;
}

/** Go's ParseBool. */
function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return undefined;
}

/** A copy of `target` with `value` at `path`; a key of the file that differs only in case makes way for it. */
function withValue(target: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const entry = target === undefined || target === null ? {} : target;
  // Not an object: left for parsePluginConfigs to complain about.
  if (typeof entry !== "object" || Array.isArray(entry)) return entry;
  const fields = Object.entries<unknown>({ ...entry });
  const old = fields.find(([name]) => name.toLowerCase() === key)?.[1];
  const others = fields.filter(([name]) => name.toLowerCase() !== key);
  return Object.fromEntries<unknown>([...others, [key, withValue(old, rest, value)]]);
}

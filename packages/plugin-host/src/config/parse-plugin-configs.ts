import type { z } from "zod";
import { PluginHostError } from "../plugin-host-error.ts";
import { unknownEvents } from "./event-names.ts";
import type { PluginConfig } from "./plugin-config.ts";
import { formatEnvName, isKnownKey, misspeltGuard } from "./plugin-keys.ts";
import { pluginEntry, typedEntry } from "./plugin-schema.ts";

/**
 * Checks the `plugins` list of a configuration (after {@link applyPluginEnvironment}).
 *
 * @param source name of the configuration file, for messages
 * @param onWarning called with one sentence for each key that means nothing and each event name that never happens,
 *   such as `unknown key "plugins[0].arg" is ignored`: SFTPGo takes both in silence
 * @throws PluginHostError naming file, entry, key and value; never a value of `args`, which may hold secrets. Also for an
 *   unknown key that looks like a misspelt `sha256sum` or `auto_mtls`: the plugin would run unprotected
 */
export function parsePluginConfigs(
  rawPlugins: unknown,
  source = "the configuration",
  onWarning: (warning: string) => void = () => {},
): readonly PluginConfig[] {
  if (rawPlugins === undefined || rawPlugins === null) return [];
  if (!Array.isArray(rawPlugins)) {
    throw new PluginHostError("ERR_PLUGIN_CONFIG", `"plugins" in ${source} must be a list of entries`, {
      details: { source },
    });
  }
  return rawPlugins.map((entry: unknown, index) => parseEntry(entry, { source, index, onWarning }));
}

interface Place {
  readonly source: string;
  readonly index: number;
  readonly onWarning: (warning: string) => void;
}

function parseEntry(raw: unknown, place: Place): PluginConfig {
  const lowered = lowerKeys(raw, [], place);
  requireNotifier(parse(typedEntry, lowered, place).type, place);
  const config = parse(pluginEntry, lowered, place);
  requireActions(config, place);
  for (const { path, name } of unknownEvents(config.notifierOptions)) {
    place.onWarning(`${formatKey(path, place)}: ${formatValue(name)} never happens`);
  }
  return config;
}

function parse<Output>(schema: z.ZodType<Output>, entry: unknown, place: Place): Output {
  const result = schema.safeParse(entry);
  if (!result.success) throw invalidValue(entry, result.error, place);
  return result.data;
}

/** The file's keys are case-insensitive; ours are the lower-case ones. Two spellings of one key are refused. */
function lowerKeys(value: unknown, path: readonly string[], place: Place): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const lowered = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const key = name.toLowerCase();
    const itemPath = [...path, key];
    if (lowered.has(key)) throw configError(itemPath, "is there twice, in different spelling", place);
    if (!isKnownKey(itemPath)) judgeUnknownKey(itemPath, place);
    lowered.set(key, lowerKeys(item, itemPath, place));
  }
  return Object.fromEntries(lowered);
}

function judgeUnknownKey(path: readonly string[], place: Place): void {
  const guard = misspeltGuard(path);
  if (guard === undefined) place.onWarning(`unknown key "${formatKey(path, place)}" is ignored`);
  else throw configError(path, `is no key: did you mean "${guard}"? Without it the plugin is not protected`, place, []);
}

const laterTypes: readonly string[] = ["kms", "auth", "ipfilter", "eventsearcher"];

function requireNotifier(type: string, place: Place): void {
  if (type === "notifier") return;
  const where = formatPlace(["type"], place);
  const details = { source: place.source, index: place.index, type };
  if (laterTypes.includes(type)) {
    throw new PluginHostError("ERR_PLUGIN_TYPE_NOT_AVAILABLE", `${where} is "${type}", which is not available yet`, {
      details,
    });
  }
  throw new PluginHostError(
    "ERR_PLUGIN_TYPE_UNSUPPORTED",
    `${where}: unsupported plugin type: ${JSON.stringify(type)}`,
    {
      details,
    },
  );
}

function requireActions({ cmd, notifierOptions }: PluginConfig, place: Place): void {
  const { fsEvents, providerEvents, providerObjects, logEvents } = notifierOptions;
  const usable =
    fsEvents.length > 0 || logEvents.length > 0 || (providerEvents.length > 0 && providerObjects.length > 0);
  if (usable) return;
  throw new PluginHostError(
    "ERR_NO_ACTIONS",
    `no actions defined for the notifier plugin ${JSON.stringify(cmd)}, plugins[${place.index}] in ${place.source}`,
    { details: { source: place.source, index: place.index, cmd } },
  );
}

function invalidValue(entry: unknown, error: z.ZodError, place: Place): PluginHostError {
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map(String);
  const secret = path[0] === "args";
  const seen = path.reduce(
    (value: unknown, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key],
    entry,
  );
  const observed = secret ? "" : `is ${formatValue(seen)}: `;
  return configError(path, `${observed}${issue?.message ?? "invalid"}`, place);
}

const maxValueLength = 200;

function formatValue(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > maxValueLength ? `${text.slice(0, maxValueLength)}…` : text;
}

function configError(
  path: readonly string[],
  problem: string,
  place: Place,
  key: readonly string[] = keyOf(path),
): PluginHostError {
  const variable = key.length === 0 ? "" : ` (it may also come from ${formatEnvName("N", key)})`;
  return new PluginHostError("ERR_PLUGIN_CONFIG", `${formatPlace(path, place)} ${problem}${variable}`, {
    details: { source: place.source, index: place.index, key: path.join(".") },
  });
}

/** The path without list positions. */
function keyOf(path: readonly string[]): readonly string[] {
  return path.filter((part) => !/^\d+$/.test(part));
}

function formatPlace(path: readonly string[], place: Place): string {
  return `${formatKey(path, place)} in ${place.source}`;
}

function formatKey(path: readonly string[], { index }: Place): string {
  return [`plugins[${index}]`, ...path].join(".");
}

import type { z } from "zod";
import { PluginHostError } from "../plugin-host-error.ts";
import { checkAcrossEntries } from "./cross-checks.ts";
import { unknownEvents } from "./event-names.ts";
import { judgeFairleadOptions } from "./judge-fairlead-options.ts";
import { configError, describeValue, formatEntry, formatKey, valueAt } from "./plugin-config-error.ts";
import type { Origins, Place, Section } from "./plugin-config-error.ts";
import type { KmsOptions, NotifierPluginConfig, PluginConfig, PluginType } from "./plugin-config.ts";
import { isKnownKey, listSiblings, misspeltGuard } from "./plugin-keys.ts";
import { createEntrySchemas, KMS_STATUSES, PLUGIN_TYPES, typedEntry } from "./plugin-schema.ts";

/** What is known about a `plugins` section beside its values. */
export interface ParsePluginsOptions {
  /** Name of the configuration file, for messages. */
  readonly source?: string;
  /** Which values came from which variable, as {@link applyPluginEnvironment} says; for messages. */
  readonly origins?: Origins;
  /** The configuration's folder, absolute: relative paths of a sandbox start there. Without it they are refused. */
  readonly folder?: string;
  /** `start_timeout` of entries that have none, milliseconds. Default 60 000, as in SFTPGo. */
  readonly startTimeoutMs?: number;
  /** `delivery` of entries that have none. Default `memory`. */
  readonly delivery?: "memory" | "journal";
  /**
   * Called with one sentence for each key that means nothing, each event name that never happens, and each entry that is
   * never asked, such as `unknown key "plugins[0].arg" is ignored`: SFTPGo takes them in silence.
   */
  readonly onWarning?: (warning: string) => void;
}

const defaultStartTimeoutMs = 60_000;
/** How many unknown keys are told; a file of something else entirely has thousands. */
const maxKeyWarnings = 50;

/**
 * Checks the `plugins` list of a configuration (after {@link applyPluginEnvironment}).
 *
 * @throws PluginHostError naming file or variable, entry, key and value; never a value of `args`, which may hold secrets.
 *   Also for an unknown key that looks like a misspelt one that protects, such as `sha256sum` or `auto_mtls`, and for any
 *   unknown key below `fairlead`: the plugin would run unprotected
 */
export function parsePluginConfigs(rawPlugins: unknown, options: ParsePluginsOptions = {}): readonly PluginConfig[] {
  const { source = "the configuration", origins = new Map(), onWarning = () => {} } = options;
  if (rawPlugins === undefined || rawPlugins === null) return [];
  if (!Array.isArray(rawPlugins)) {
    throw new PluginHostError("ERR_PLUGIN_CONFIG", `"plugins" in ${source} must be a list of entries`, {
      details: { source },
    });
  }
  const section: Section = { source, origins, onWarning, unknownKeys: 0 };
  const schemas = createEntrySchemas({
    startTimeoutMs: options.startTimeoutMs ?? defaultStartTimeoutMs,
    delivery: options.delivery ?? "memory",
    folder: options.folder,
  });
  const configs = rawPlugins.map((entry: unknown, index) => parseEntry(entry, schemas, { section, index }));
  if (section.unknownKeys > maxKeyWarnings) {
    onWarning(`${section.unknownKeys - maxKeyWarnings} further unknown keys in "plugins" are ignored`);
  }
  checkAcrossEntries(configs, section);
  return configs;
}

function parseEntry(raw: unknown, schemas: ReturnType<typeof createEntrySchemas>, place: Place): PluginConfig {
  const lowered = lowerKeys(raw, [], place);
  const type = requireType(parse(typedEntry, lowered, undefined, place).type, place);
  const config = parse(schemas[type], lowered, type, place);
  if (config.type === "notifier") judgeNotifier(config, place);
  if (config.type === "kms") judgeKms(config.kmsOptions, place);
  judgeFairleadOptions(config, lowered, place);
  return config;
}

function parse<Output>(schema: z.ZodType<Output>, entry: unknown, type: PluginType | undefined, place: Place): Output {
  const result = schema.safeParse(entry);
  if (!result.success) throw invalidValue(entry, type, result.error, place);
  return result.data;
}

/** The file's keys are case-insensitive; ours are the lower-case ones. Two spellings of one key are refused. */
function lowerKeys(value: unknown, path: readonly string[], place: Place): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const lowered = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const key = name.toLowerCase();
    const itemPath = [...path, key];
    if (!isKnownKey(itemPath)) {
      judgeUnknownKey(itemPath, place);
      continue;
    }
    if (lowered.has(key)) throw configError(itemPath, "is there twice, in different spelling", place);
    lowered.set(key, lowerKeys(item, itemPath, place));
  }
  return Object.fromEntries(lowered);
}

function judgeUnknownKey(path: readonly string[], place: Place): void {
  if (path[0] === "fairlead") throw configError(path, `is no key: here are ${listSiblings(path).join(", ")}`, place);
  const guard = misspeltGuard(path);
  if (guard !== undefined) {
    throw configError(path, `is no key: did you mean "${guard}"? Without it the plugin is not protected`, place);
  }
  place.section.unknownKeys++;
  if (place.section.unknownKeys <= maxKeyWarnings) {
    place.section.onWarning(`unknown key "${formatKey(path, place)}" is ignored`);
  }
}

function requireType(type: string, place: Place): PluginType {
  const known = PLUGIN_TYPES.find((name) => name === type);
  if (known !== undefined) return known;
  throw new PluginHostError(
    "ERR_PLUGIN_TYPE_UNSUPPORTED",
    `${formatEntry(["type"], place)}: unsupported plugin type: ${describeValue(type)}`,
    { details: { source: place.section.source, index: place.index } },
  );
}

function judgeNotifier({ cmd, notifierOptions }: NotifierPluginConfig, place: Place): void {
  const { fsEvents, providerEvents, providerObjects, logEvents } = notifierOptions;
  const { source, onWarning } = place.section;
  const usable =
    fsEvents.length > 0 || logEvents.length > 0 || (providerEvents.length > 0 && providerObjects.length > 0);
  if (!usable) {
    throw new PluginHostError(
      "ERR_NO_ACTIONS",
      `no actions defined for the notifier plugin ${describeValue(cmd)}, plugins[${place.index}] in ${source}`,
      { details: { source, index: place.index, cmd } },
    );
  }
  for (const { path, name } of unknownEvents(notifierOptions)) {
    onWarning(`${formatKey(path, place)}: ${describeValue(name)} never happens`);
  }
}

function judgeKms({ scheme, encryptedStatus }: KmsOptions, place: Place): void {
  const usual = KMS_STATUSES.get(scheme);
  if (usual === encryptedStatus) return;
  place.section.onWarning(
    `${formatKey(["kms_options"], place)}: "${scheme}" usually goes with the status "${usual}", not "${encryptedStatus}"; secrets of other servers are told apart by it`,
  );
}

function invalidValue(entry: unknown, type: PluginType | undefined, error: z.ZodError, place: Place): PluginHostError {
  const [issue] = error.issues;
  const path = (issue?.path ?? []).map(String);
  const observed = path[0] === "args" ? "" : `is ${describeValue(valueAt(entry, path))}: `;
  return configError(
    path,
    `${observed}${inWordsOfSftpgo(path, type, valueAt(entry, ["cmd"]))}${issue?.message}`,
    place,
  );
}

/** Wrong options of these kinds have a sentence in SFTPGo's log that people search for. */
function inWordsOfSftpgo([key = ""]: readonly string[], type: PluginType | undefined, cmd: unknown): string {
  return key === "auth_options" || key === "kms_options"
    ? `invalid options for ${type} plugin ${describeValue(cmd)}: `
    : "";
}

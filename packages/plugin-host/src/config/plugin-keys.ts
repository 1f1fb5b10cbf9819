/**
 * How the text of an environment variable becomes a value. What does not parse is ignored, as SFTPGo does. `own` is for
 * our options: the text as it is, judged like a value of the file; empty is as good as unset.
 */
export type EnvValueKind = "text" | "list" | "log-events" | "integer" | "boolean" | "own";

/** One key of a `plugins` entry: its path, and how its environment variable is read. */
export interface PluginKey {
  readonly path: readonly string[];
  readonly env: EnvValueKind;
}

/**
 * The keys of a `plugins` entry: SFTPGo's, and ours below `fairlead`. The variable's name is `SFTPGO_PLUGINS__N__` and the
 * path in upper case, joined by `__`.
 */
export const PLUGIN_KEYS: readonly PluginKey[] = [
  key("type", "text"),
  key("cmd", "text"),
  key("args", "list"),
  key("sha256sum", "text"),
  key("auto_mtls", "boolean"),
  key("env_prefix", "text"),
  key("env_vars", "list"),
  key("notifier_options.fs_events", "list"),
  key("notifier_options.provider_events", "list"),
  key("notifier_options.provider_objects", "list"),
  key("notifier_options.log_events", "log-events"),
  key("notifier_options.retry_max_time", "integer"),
  key("notifier_options.retry_queue_max_size", "integer"),
  key("kms_options.scheme", "text"),
  key("kms_options.encrypted_status", "text"),
  key("auth_options.scope", "integer"),
  key("fairlead.restart.initial_delay", "own"),
  key("fairlead.restart.max_delay", "own"),
  key("fairlead.restart.factor", "own"),
  key("fairlead.restart.jitter", "own"),
  key("fairlead.restart.stable_after", "own"),
  key("fairlead.restart.max_failures", "own"),
  key("fairlead.health.interval", "own"),
  key("fairlead.health.timeout", "own"),
  key("fairlead.health.max_failures", "own"),
  key("fairlead.start_timeout", "own"),
  key("fairlead.required", "own"),
  key("fairlead.on_unavailable", "own"),
  key("fairlead.delivery", "own"),
  key("fairlead.gate.timeout", "own"),
  key("fairlead.gate.on_failure", "own"),
  key("fairlead.sandbox.read", "list"),
  key("fairlead.sandbox.write", "list"),
  key("fairlead.sandbox.network", "own"),
];

function key(path: string, env: EnvValueKind): PluginKey {
  return { path: path.split("."), env };
}

/** `["notifier_options", "fs_events"]` → `SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__FS_EVENTS`. */
export function formatEnvName(index: number | string, path: readonly string[]): string {
  return ["SFTPGO_PLUGINS", String(index), ...path].join("__").toUpperCase();
}

const knownPaths = new Set(PLUGIN_KEYS.flatMap(({ path }) => path.map((_, end) => path.slice(0, end + 1).join("."))));

/** Whether an entry may have this key, or keys below it; lower case. */
export function isKnownKey(path: readonly string[]): boolean {
  return knownPaths.has(path.join("."));
}

/** The keys beside an unknown one, lower case: one of them was probably meant. */
export function listSiblings(path: readonly string[]): readonly string[] {
  const parent = path.slice(0, -1);
  const siblings = PLUGIN_KEYS.filter(({ path: known }) => parent.every((part, place) => known[place] === part)).map(
    ({ path: known }) => known[parent.length],
  );
  return [...new Set(siblings)].filter((name) => name !== undefined);
}

/** Keys that protect: what a misspelling of them looks like, compared without underscores and other marks. */
const guards = [
  { key: "sha256sum", like: /sha|256|sum|digest/ },
  { key: "auto_mtls", like: /auto|tls|mtl|mlts/ },
  { key: "fairlead.sandbox", like: /sandbox|sanbox/ },
  { key: "fairlead.on_unavailable", like: /unavail/ },
  { key: "fairlead.gate", like: /^gate/ },
  { key: "fairlead", like: /fair|lead/ },
] as const;

/** The protecting key that an unknown one, lower case, was probably meant to be. Also where it stands in a wrong place. */
export function misspeltGuard(path: readonly string[]): string | undefined {
  const letters = (path.at(-1) ?? "").replaceAll(/[^a-z0-9]/g, "");
  return guards.find(({ like }) => like.test(letters))?.key;
}

/** How the text of an environment variable becomes a value; what does not parse is ignored, as SFTPGo does. */
export type EnvValueKind = "text" | "list" | "log-events" | "integer" | "boolean";

/** One key of a `plugins` entry: its path, and how its environment variable is read. */
export interface PluginKey {
  readonly path: readonly string[];
  readonly env: EnvValueKind;
}

/**
 * The keys of SFTPGo's `plugins` entries. `kms_options` and `auth_options` are here because a variable of theirs makes
 * an entry too. The variable's name is `SFTPGO_PLUGINS__N__` and the path in upper case, joined by `__`.
 */
export const PLUGIN_KEYS: readonly PluginKey[] = [
  { path: ["type"], env: "text" },
  { path: ["cmd"], env: "text" },
  { path: ["args"], env: "list" },
  { path: ["sha256sum"], env: "text" },
  { path: ["auto_mtls"], env: "boolean" },
  { path: ["env_prefix"], env: "text" },
  { path: ["env_vars"], env: "list" },
  { path: ["notifier_options", "fs_events"], env: "list" },
  { path: ["notifier_options", "provider_events"], env: "list" },
  { path: ["notifier_options", "provider_objects"], env: "list" },
  { path: ["notifier_options", "log_events"], env: "log-events" },
  { path: ["notifier_options", "retry_max_time"], env: "integer" },
  { path: ["notifier_options", "retry_queue_max_size"], env: "integer" },
  { path: ["kms_options", "scheme"], env: "text" },
  { path: ["kms_options", "encrypted_status"], env: "text" },
  { path: ["auth_options", "scope"], env: "integer" },
];

/** `["notifier_options", "fs_events"]` → `SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__FS_EVENTS`. */
export function formatEnvName(index: number | string, path: readonly string[]): string {
  return ["SFTPGO_PLUGINS", String(index), ...path].join("__").toUpperCase();
}

const knownPaths = new Set(PLUGIN_KEYS.flatMap(({ path }) => path.map((_, end) => path.slice(0, end + 1).join("."))));

/** Whether an entry may have this key, or keys below it; lower case. */
export function isKnownKey(path: readonly string[]): boolean {
  return knownPaths.has(path.join("."));
}

/** Keys that protect: what a misspelling of them looks like, compared without underscores and other marks. */
const guards = [
  { key: "sha256sum", like: /sha|256|sum|digest/ },
  { key: "auto_mtls", like: /auto|tls|mtl|mlts/ },
] as const;

/** The protecting key that an unknown one, lower case, was probably meant to be. Also where it stands in a wrong place. */
export function misspeltGuard(path: readonly string[]): string | undefined {
  const letters = (path.at(-1) ?? "").replaceAll(/[^a-z0-9]/g, "");
  return guards.find(({ like }) => like.test(letters))?.key;
}

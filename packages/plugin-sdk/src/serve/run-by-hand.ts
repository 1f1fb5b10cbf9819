/** How a person can make a server run this plugin as one of its kinds. */
export interface PluginSelfDescription {
  /** `notifier`, `auth` … as in the server's configuration. */
  readonly type: string;
  /** What the kind is for, ending a sentence that begins with "It". */
  readonly purpose: string;
  /** What the plugin lacks before any server would take it, in a sentence. Then there is nothing to configure. */
  readonly missing?: string;
  /** Further keys of the configuration entry. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What to know about the entry, in sentences. */
  readonly advice?: string;
}

/** The file a server would execute to run this plugin. */
export interface PluginExecutable {
  readonly path: string;
  /** False when the system would refuse to execute it as it is. */
  readonly runnable: boolean;
  /** True when running it needs a PATH to find Node. */
  readonly needsPath: boolean;
}

/** What a server has to give the plugin beside its type. */
export interface PluginNeeds {
  readonly args: readonly string[];
  /** What variables begin with that belong to it. Default: as the server derives it from the executable. */
  readonly envPrefix: string | undefined;
  /** Further variables, by name. */
  readonly variables: readonly string[];
  /** Its settings, a line and more each; nothing when it has none. */
  readonly settings: string;
}

const NO_NEEDS: PluginNeeds = { args: [], envPrefix: undefined, variables: [], settings: "" };

const GATE_TEXT =
  "It also has a gate: Fairlead asks it before files are uploaded, downloaded, deleted or renamed and before folders " +
  "are made or removed. Nothing more is configured for that, and SFTPGo does not ask.\n\n";

/**
 * What a plugin tells a person who runs it by hand: what it is, who runs it, and the configuration to paste. It goes
 * before go-plugin's own three lines.
 */
export function formatRunByHandText(
  descriptions: readonly PluginSelfDescription[],
  executable: PluginExecutable,
  { needs = NO_NEEDS, hasGate = false }: { readonly needs?: PluginNeeds; readonly hasGate?: boolean } = {},
): string {
  const lacking = descriptions.flatMap(({ missing }) => (missing === undefined ? [] : [`${missing}\n`]));
  const usable = descriptions.filter(({ missing }) => missing === undefined);
  const introduction = formatIntroduction(descriptions, executable.path);
  if (usable.length === 0) return `${introduction}${lacking.join("")}\n`;
  const entries = usable.map((description) => formatEntry(createEntry(description, executable, needs)));
  return [
    introduction,
    ...lacking,
    formatPreparation(executable),
    usable.length === 1 ? "Add this entry" : "Add these entries, or those you want,",
    ' to the list "plugins" of the server\'s configuration file (sftpgo.json or fairlead.json) and restart ',
    `the server:\n\n${indent(entries.join(",\n"))}\n\n`,
    ...usable.flatMap(({ advice }) => (advice === undefined ? [] : [`${advice}\n\n`])),
    hasGate ? GATE_TEXT : "",
    needs.settings === "" ? "" : `Its settings, as args or as variables of the server:\n\n${needs.settings}\n`,
  ].join("");
}

function formatIntroduction(descriptions: readonly PluginSelfDescription[], path: string): string {
  const [first, ...others] = descriptions;
  if (first !== undefined && others.length === 0) {
    return `${path} is ${articleFor(first.type)} ${first.type} plugin for SFTPGo and Fairlead. It ${first.purpose}.\n`;
  }
  const kinds = descriptions.map(({ type, purpose }) => `  ${type}: it ${purpose}\n`);
  return `${path} is several plugins for SFTPGo and Fairlead. Fairlead runs them in one process, SFTPGo each in one of its own.\n\n${kinds.join("")}\n`;
}

export function articleFor(noun: string): string {
  return /^[aeiou]/.test(noun) ? "an" : "a";
}

function formatPreparation({ path, runnable }: PluginExecutable): string {
  const start = "It does nothing by itself: the server starts it. ";
  if (runnable) return start;
  return `${start}\nFirst make it executable: its first line must be "#!/usr/bin/env node", then run\n\n  chmod +x ${path}\n\n`;
}

function createEntry(
  { type, options }: PluginSelfDescription,
  executable: PluginExecutable,
  { args, envPrefix, variables }: PluginNeeds,
): Readonly<Record<string, unknown>> {
  const names = [...(executable.needsPath ? ["PATH"] : []), ...variables];
  return {
    type,
    cmd: executable.path,
    ...(args.length > 0 && { args }),
    auto_mtls: true,
    ...(envPrefix !== undefined && envPrefix !== derivePrefix(executable.path) && { env_prefix: envPrefix }),
    ...(names.length > 0 && { env_vars: names }),
    ...options,
  };
}

/** What servers hand a plugin whose entry has no `env_prefix`: `MY_PLUGIN_` for `my-plugin.ts`. */
function derivePrefix(path: string): string {
  const { parse } = process.getBuiltinModule("node:path");
  return `${parse(path).name.replaceAll("-", "_").toUpperCase()}_`;
}

/** Finds out how this process was started. Loads what it needs only then: a plugin that a host starts never asks. */
export function describeOwnExecutable(): PluginExecutable {
  const { isSea } = process.getBuiltinModule("node:sea");
  const { realpathSync } = process.getBuiltinModule("node:fs");
  const script = process.argv[1];
  if (isSea() || script === undefined) return { path: process.execPath, runnable: true, needsPath: false };
  const path = realpathSync(script);
  return { path, runnable: isExecutable(path), needsPath: true };
}

function isExecutable(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule("node:fs");
  try {
    accessSync(path, constants.X_OK);
    return readStart(path) === "#!";
  } catch {
    // Whatever hinders looking at the file hinders running it.
    return false;
  }
}

function readStart(path: string): string {
  const { openSync, readSync, closeSync } = process.getBuiltinModule("node:fs");
  const file = openSync(path, "r");
  try {
    const start = Buffer.alloc(2);
    return start.toString("latin1", 0, readSync(file, start));
  } finally {
    closeSync(file);
  }
}

/** JSON with one line a key; lists stay on their line. */
function formatEntry(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
  const lines = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${formatEntry(item)}`);
  return `{\n${indent(lines.join(",\n"))}\n}`;
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

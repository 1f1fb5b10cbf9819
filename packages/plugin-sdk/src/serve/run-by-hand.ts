/** How a person can make a server run this plugin. */
export interface PluginSelfDescription {
  /** `notifier`, `auth` … as in the server's configuration. */
  readonly type: string;
  /** What the kind is for, ending a sentence that begins with "It". */
  readonly purpose: string;
  /** What the plugin lacks before any server would take it, in a sentence. Then there is nothing to configure. */
  readonly missing?: string;
  /** Further keys of the configuration entry. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The file a server would execute to run this plugin. */
export interface PluginExecutable {
  readonly path: string;
  /** False when the system would refuse to execute it as it is. */
  readonly runnable: boolean;
  /** True when running it needs a PATH to find Node. */
  readonly needsPath: boolean;
}

/**
 * What a plugin tells a person who runs it by hand: what it is, who runs it, and the configuration to paste. It goes
 * before go-plugin's own three lines.
 */
export function formatRunByHandText(description: PluginSelfDescription, executable: PluginExecutable): string {
  const entry = {
    type: description.type,
    cmd: executable.path,
    auto_mtls: true,
    ...(executable.needsPath && { env_vars: ["PATH"] }),
    ...description.options,
  };
  const preparation = executable.runnable
    ? ""
    : `First make it executable: its first line must be "#!/usr/bin/env node", then run\n\n  chmod +x ${executable.path}\n\n`;
  const introduction = `${executable.path} is a ${description.type} plugin for SFTPGo and Fairlead. It ${description.purpose}.\n`;
  if (description.missing !== undefined) return `${introduction}${description.missing}\n\n`;
  return (
    introduction +
    `It does nothing by itself: the server starts it. ${preparation === "" ? "" : "\n"}${preparation}` +
    `Add this entry to the list "plugins" of the server's configuration file (sftpgo.json or fairlead.json) and restart ` +
    `the server:\n\n${indent(formatEntry(entry))}\n\n`
  );
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

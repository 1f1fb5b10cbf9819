import { delimiter, isAbsolute, resolve } from "node:path";
import { PluginError } from "../plugin-error.ts";

/**
 * The absolute path of the file that runs when `command` is started, so that what is checked is what is executed. A
 * command with a folder is relative to the plugin's working folder, as exec sees it; a bare name is looked up in
 * `searchPath` (the host's PATH, never the plugin's). A path need not exist: starting it fails with the system's error.
 */
export async function resolveExecutable(
  command: string,
  options: {
    readonly cwd: string;
    readonly searchPath: string | undefined;
    /** For the error. */
    readonly plugin: string;
  },
): Promise<string> {
  if (/[/\\]/.test(command)) return resolve(options.cwd, command);
  for (const folder of (options.searchPath ?? "").split(delimiter)) {
    // An empty or relative entry means the current folder: like Go, never run from there unasked.
    if (!isAbsolute(folder)) continue;
    for (const name of process.platform === "win32" ? [command, `${command}.exe`] : [command]) {
      const candidate = resolve(folder, name);
      if (await isExecutableFile(candidate)) return candidate;
    }
  }
  throw new PluginError(
    "ERR_PLUGIN_SPAWN_FAILED",
    `plugin ${options.plugin} did not start: exec: ${JSON.stringify(command)}: executable file not found in $PATH`,
    { details: { plugin: options.plugin, command } },
  );
}

async function isExecutableFile(file: string): Promise<boolean> {
  // Not `import`: a host that only attaches to running plugins never needs it.
  const { access, constants, stat } = process.getBuiltinModule("node:fs/promises");
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Absent or not ours to run: the search goes on.
    return false;
  }
}

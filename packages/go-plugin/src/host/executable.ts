import { access, constants, stat } from "node:fs/promises";
import { delimiter, isAbsolute, resolve, sep } from "node:path";

/**
 * The file that runs when `command` is started: itself when it names a folder, else the first executable of that name in
 * `searchPath`. Commands with a folder are relative to the plugin's working folder, as exec sees them. A command that is
 * found nowhere comes back as it is: starting it fails with the system's own error.
 */
export async function resolveExecutable(
  command: string,
  options: { readonly cwd: string; readonly searchPath: string | undefined },
): Promise<string> {
  if (isAbsolute(command) || command.includes(sep) || command.includes("/")) return resolve(options.cwd, command);
  for (const folder of (options.searchPath ?? "").split(delimiter)) {
    // An empty entry means the current folder to a shell; like Go, never run from there unasked.
    if (!isAbsolute(folder)) continue;
    const candidate = resolve(folder, command);
    if (await isExecutableFile(candidate)) return candidate;
  }
  return command;
}

async function isExecutableFile(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    // Absent or not ours to run: the search goes on.
    return false;
  }
}

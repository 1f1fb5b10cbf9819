import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** Folder with the node that plugins must find first in PATH: the pinned one, whatever the machine has. */
const nodeFolder = join(import.meta.dirname, "..", "node_modules", ".bin");

/** A PATH for plugins with a `#!/usr/bin/env node` line. */
export const pluginPath = `${nodeFolder}:${process.env["PATH"] ?? ""}`;

/** Bundles a TypeScript plugin into one executable file, as plugins are shipped. */
export async function bundlePlugin(entry: string, executable: string): Promise<string> {
  await build({
    entryPoints: [entry],
    outfile: executable,
    bundle: true,
    platform: "node",
    // Older than what plugins need: an old Node must be able to read the file as far as to where it is refused.
    target: "node20",
    format: "esm",
    conditions: ["source"],
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
  await chmod(executable, 0o755);
  return executable;
}

/**
 * Bundles every plugin and every example plugin into one executable file each, under `dist/plugins/`.
 *
 * One file, because SFTPGo's `sha256sum` covers only the file in `cmd`; a shebang, because SFTPGo kills the first
 * process whose executable equals `cmd`, so `cmd` must never be the node binary itself.
 */
import { chmod, mkdir, rm } from "node:fs/promises";
import { globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build, stop } from "esbuild";

const root = join(import.meta.dirname, "..");
const outputFolder = join(root, "dist", "plugins");

export interface BuiltPlugin {
  readonly name: string;
  readonly executable: string;
}

/** @returns where each executable went, sorted by name */
export async function buildPlugins(): Promise<BuiltPlugin[]> {
  const manifests = globSync(["plugins/*/package.json", "examples/*/package.json"], { cwd: root }).sort();
  await rm(outputFolder, { recursive: true, force: true });
  await mkdir(outputFolder, { recursive: true });
  try {
    return await Promise.all(manifests.map(async (manifest) => await buildPlugin(join(root, dirname(manifest)))));
  } finally {
    // Its service would live as long as this process, which may be a server's.
    await stop();
  }
}

async function buildPlugin(folder: string): Promise<BuiltPlugin> {
  const { exports: entry } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports: string };
  const name = basename(folder);
  const executable = join(outputFolder, name);
  const source = join(folder, entry);
  await build({
    entryPoints: [source],
    outfile: executable,
    bundle: true,
    platform: "node",
    // Older than what plugins need: an old Node must be able to read the file as far as to where it is refused.
    target: "node20",
    format: "esm",
    conditions: ["source"],
    // esbuild keeps a first line of the source's own.
    ...(readFileSync(source, "utf8").startsWith("#!") ? {} : { banner: { js: "#!/usr/bin/env node" } }),
    sourcemap: "linked",
    legalComments: "eof",
    logLevel: "warning",
  });
  await chmod(executable, 0o755);
  return { name, executable };
}

if (import.meta.main) {
  for (const { executable } of await buildPlugins()) console.log(executable);
}

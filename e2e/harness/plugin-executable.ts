import { join } from "node:path";
import { build } from "esbuild";
import { nodeExecutable, repositoryRoot } from "./repository.ts";
import type { Sandbox } from "./sandbox.ts";

let bundle: Promise<Uint8Array> | undefined;

/**
 * Puts the plugin of `fixtures/record-events` into the sandbox as one executable file, made like `scripts/build.ts` does,
 * but run by the very node that runs the tests.
 */
export async function writeRecordEvents(sandbox: Sandbox, name = "record-events"): Promise<string> {
  bundle ??= bundleRecordEvents();
  return await sandbox.writeExecutable(join("plugins", name), await bundle);
}

async function bundleRecordEvents(): Promise<Uint8Array> {
  const result = await build({
    entryPoints: [join(repositoryRoot, "e2e", "fixtures", "record-events", "plugin.ts")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["source"],
    banner: { js: `#!${nodeExecutable}` },
    logLevel: "warning",
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild made no file");
  return file.contents;
}

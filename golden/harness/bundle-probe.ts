import { join } from "node:path";
import { build } from "esbuild";
import { nodeExecutable, repositoryRoot } from "../../e2e/harness/repository.ts";

let bundle: Promise<Uint8Array> | undefined;

/** The probe as one executable file, run by the very node that runs the tests. */
export async function bundleProbe(): Promise<Uint8Array> {
  bundle ??= build({
    entryPoints: [join(repositoryRoot, "golden", "probe", "probe.ts")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["source"],
    banner: { js: `#!${nodeExecutable}` },
    logLevel: "warning",
  }).then(({ outputFiles }) => outputFiles[0]!.contents);
  return await bundle;
}

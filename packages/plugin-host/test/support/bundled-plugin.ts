import { chmodSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const fixtures = join(import.meta.dirname, "..", "fixtures");

/** Bundles a fixture into one executable file, as plugins are shipped; it sets `variables` itself. */
export async function bundlePlugin(
  file: string,
  fixture: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  await build({
    entryPoints: [join(fixtures, fixture)],
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    conditions: ["source"],
    banner: { js: `#!${process.execPath}\nObject.assign(process.env, ${JSON.stringify(variables)});` },
    logLevel: "warning",
  });
  chmodSync(file, 0o755);
  return file;
}

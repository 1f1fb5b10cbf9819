/** A plugin that is shipped as one file has the code of its kind in it, and no other kind's to load at each start. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { build } from "esbuild";

const programs = {
  notifier: "serveNotifier({ onFsEvent() {} })",
  auth: "serveAuth({ checkPassword: () => unchanged() })",
  kms: "serveKms({ encrypt: () => ({ payload: '', key: '', mode: 0 }), decrypt: () => '' })",
  ipfilter: "serveIpFilter({ check: () => allowed() })",
  eventsearcher: "serveEventSearcher({ searchFsEvents: () => [] })",
};

/** The folders of kinds that a bundle has code of. */
async function bundledKinds(program: string): Promise<string[]> {
  const imports = [...new Set(program.match(/\b(?:serve\w+|unchanged|allowed)\b/g))].join(", ");
  const { metafile } = await build({
    stdin: {
      contents: `import { ${imports} } from "@fairlead/plugin-sdk"; await ${program};`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const [output] = Object.values(metafile.outputs);
  const files = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const kinds = files.map(([file]) => /plugin-sdk\/src\/(?:gen\/)?([\w-]+)\//.exec(file)?.[1] ?? "");
  return [...new Set(kinds)].filter((kind) => kind in programs || kind === "gate").sort();
}

for (const [kind, program] of Object.entries(programs)) {
  test(`a plugin of kind ${kind} brings no other kind along`, async () => {
    assert.deepEqual(await bundledKinds(program), [kind]);
  });
}

test("a plugin that may be of several kinds brings all there are", async () => {
  const all = [...Object.keys(programs), "gate"].sort();
  assert.deepEqual(await bundledKinds("servePlugin({ notifier: {} })"), all);
});

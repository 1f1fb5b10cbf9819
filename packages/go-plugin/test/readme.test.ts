/** The README's programs, run as they stand: host and plugin of go-plugin's own example. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

const packageFolder = join(import.meta.dirname, "..");
const binaries = join(packageFolder, "../../node_modules/.bin");
const readme = readFileSync(join(packageFolder, "README.md"), "utf8");
const env = { PATH: `${binaries}:${process.env["PATH"] ?? ""}`, NODE_OPTIONS: "--conditions=source" };

describe("the README", () => {
  // Inside the package, so that its code finds the packages by their names; node strips no types in node_modules.
  const folder = mkdtempSync(join(import.meta.dirname, ".readme-"));
  after(() => rmSync(folder, { recursive: true }));

  before(() => {
    for (const [, code, name] of readme.matchAll(/^```ts\n((?:#![^\n]*\n)?\/\/ (\S+)\n.*?)^```/gms)) {
      writeFileSync(join(folder, name!), code!);
    }
    const [, command] = /^```sh\n(npx esbuild .*?)^```/ms.exec(readme)!;
    const built = run("sh", "-ec", command!.replace("npx esbuild", "esbuild --conditions=source --log-level=warning"));
    assert.equal(built.status, 0, built.stderr);
    writeFileSync(join(folder, "kv_greeting"), "hello");
  });

  function run(command: string, ...args: readonly string[]) {
    return spawnSync(command, args, { cwd: folder, env, encoding: "utf8" });
  }

  test("its host gets an answer of its plugin over AutoMTLS, and both end", () => {
    const sum = createHash("sha256")
      .update(readFileSync(join(folder, "kv-plugin")))
      .digest("hex");
    const host = run(process.execPath, "host.ts", "./kv-plugin", sum);
    assert.equal(host.stdout, "hello\n", host.stderr);
    assert.equal(host.status, 0);
    assert.match(host.stderr, /^debug plugin process exited \{.*code: 0/m);
  });

  test("its host says what is wrong with a plugin of another checksum", () => {
    const host = run(process.execPath, "host.ts", "./kv-plugin", "0".repeat(64));
    assert.equal(host.status, 1);
    assert.match(host.stderr, /^ERR_CHECKSUM_MISMATCH: checksums did not match/m);
  });

  test("its plugin, run by hand, says what it is and exits with 1", () => {
    const plugin = run(join(folder, "kv-plugin"));
    assert.equal(plugin.status, 1);
    assert.match(plugin.stderr, /^This binary is a plugin/);
  });

  test("its test passes", () => {
    const { status, stderr } = run(process.execPath, "kv.test.ts");
    assert.equal(status, 0, stderr);
  });
});

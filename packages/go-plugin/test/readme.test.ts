/** The README's programs, run as they stand: host and plugin of go-plugin's own example. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
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

  test("its first program has less than 30 lines, runs as it is, and says what it says it says", () => {
    const first = /^```ts\n(.*?)^```/ms.exec(readme)![1]!;
    assert.ok(first.split("\n").length - 1 < 30);
    assert.match(first, /\/\/ HELLO$/m);
    // As an option, which the program hands on to its plugin: nothing has to be built for this test.
    const { stdout, stderr } = run(process.execPath, "--conditions=source", "shout.ts");
    assert.deepEqual([stdout, stderr], ["HELLO\n", ""]);
  });

  test("its plugin calls its host back", () => {
    const { stdout, stderr } = run(process.execPath, "ask.ts");
    assert.deepEqual([stdout, stderr], ["It is 42.\n", ""]);
  });

  test("its metered host sees the call", () => {
    const { stdout, stderr } = run(process.execPath, "metered-host.ts");
    assert.deepEqual([stdout, stderr], ["/proto.KV/Get OK\n", ""]);
  });

  test("its plugin, started by hand for debugging, serves a host that attaches, and lives on", async () => {
    const plugin = spawn(join(folder, "kv-plugin"), ["--debug"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    try {
      const [info] = (await once(createInterface(plugin.stdout), "line")) as [string];
      for (let host = 0; host < 2; host++) {
        const { stdout, stderr } = run(process.execPath, "attach.ts", info);
        assert.equal(stdout, "hello\n", stderr);
      }
    } finally {
      plugin.kill("SIGTERM");
      await once(plugin, "exit");
    }
    assert.equal(plugin.exitCode, 0);
  });

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

/** The README's promises, kept: its code compiles and runs, its configuration fits its plugin. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, notifierKind } from "../src/client/index.ts";

const packageFolder = join(import.meta.dirname, "..");
const readme = readFileSync(join(packageFolder, "README.md"), "utf8");

function codeBlocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code ?? "");
}

/** A folder inside the package, so that the code finds the package by its name. */
class CodeFolder implements Disposable {
  readonly path = mkdtempSync(join(packageFolder, "test", ".readme-"));

  add(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}

const [pluginCode = "", testCode = ""] = codeBlocks("ts");

test("the code compiles", () => {
  using folder = new CodeFolder();
  folder.add("plugin.ts", pluginCode);
  folder.add("plugin.test.ts", testCode);
  const options = { extends: "../../../../tsconfig.base.json", compilerOptions: { noEmit: true }, include: ["*.ts"] };
  const project = folder.add("tsconfig.json", JSON.stringify(options));
  const tsc = join(packageFolder, "../../node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [tsc, "-p", project], { encoding: "utf8", cwd: folder.path });
  // What the packages' own sources have to complain about is not the README's business.
  const complaints = stdout.split("\n").filter((line) => line.startsWith("plugin"));
  assert.deepEqual(complaints, []);
});

test("the plugin says where a file arrived, in the server's log", async () => {
  using folder = new CodeFolder();
  const plugin = folder.add("plugin.ts", pluginCode);
  const lines: [string, LogFields][] = [];
  const logger: Logger = { log: (_level, message, fields = {}) => lines.push([message, fields]), child: () => logger };
  await using launched = await launch({
    command: process.execPath,
    args: ["--conditions=source", plugin],
    env: {},
    handshake: NOTIFIER_HANDSHAKE,
    versions: { 1: { notifier: notifierKind } },
    tls: "auto",
    logger,
  });
  const arrived = { ...emptyEvent, action: "upload", status: 1, virtualPath: "/new.txt", fileSizeBytes: 100n };
  await launched.dispense("notifier").sendFsEvent(arrived);
  await launched.stop();
  const [, fields] = lines.find(([message]) => message === "file arrived") ?? assert.fail(JSON.stringify(lines));
  assert.equal(fields["virtualPath"], "/new.txt");
  assert.equal(fields["sizeBytes"], 100);
});

test("the command for one file makes a plugin that runs alone", () => {
  using folder = new CodeFolder();
  folder.add("arrivals.ts", pluginCode);
  const esbuild = join(packageFolder, "../../node_modules/.bin/esbuild");
  const command = (codeBlocks("sh")[0] ?? "").replace(
    "npx esbuild",
    `'${esbuild}' --conditions=source --log-level=warning`,
  );
  const alone = mkdtempSync(join(tmpdir(), "fairlead-readme-"));
  try {
    const built = spawnSync("sh", ["-ec", `${command} mv arrivals '${alone}'`], { encoding: "utf8", cwd: folder.path });
    assert.equal(built.status, 0, built.stderr);
    const run = spawnSync(process.execPath, [join(alone, "arrivals")], { encoding: "utf8" });
    assert.match(run.stderr, /This binary is a plugin/);
    assert.equal(readFileSync(join(alone, "arrivals"), "utf8").split("\n")[0], "#!/usr/bin/env node");
  } finally {
    rmSync(alone, { recursive: true });
  }
});

test("the plugin, run by hand, prints go-plugin's lines and its configuration, and exits with 1", () => {
  using folder = new CodeFolder();
  const plugin = folder.add("plugin.ts", pluginCode);
  chmodSync(plugin, 0o755);
  const run = spawnSync(process.execPath, ["--conditions=source", plugin], { encoding: "utf8" });
  assert.equal(run.status, 1);
  assert.equal(run.stdout, "");
  assert.match(run.stderr, /is a notifier plugin for SFTPGo and Fairlead/);
  assert.match(
    run.stderr,
    /This binary is a plugin\. These are not meant to be executed directly\.\nPlease execute the program that consumes these plugins, which will\nload any plugins automatically\n$/,
  );
  const printed = JSON.parse(run.stderr.slice(run.stderr.indexOf("{"), run.stderr.lastIndexOf("}") + 1)) as object;
  const { plugins } = JSON.parse(codeBlocks("json")[0] ?? "") as { readonly plugins: readonly object[] };
  assert.deepEqual(Object.keys(printed).sort(), Object.keys(plugins[0] ?? {}).sort());
  assert.equal((printed as { readonly cmd: string }).cmd, plugin);
});

test("the test without a server passes", () => {
  using folder = new CodeFolder();
  const file = folder.add("plugin.test.ts", testCode);
  const run = spawnSync(process.execPath, ["--conditions=source", file], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
});

const emptyEvent = {
  timestampNs: 0n,
  action: "",
  username: "",
  path: "",
  targetPath: "",
  virtualPath: "",
  virtualTargetPath: "",
  sshCmd: "",
  fileSizeBytes: 0n,
  elapsedMs: 0n,
  status: 0,
  protocol: "",
  ip: "",
  sessionId: "",
  fsProvider: 0,
  bucket: "",
  endpoint: "",
  openFlags: 0,
  role: "",
  metadata: {},
};

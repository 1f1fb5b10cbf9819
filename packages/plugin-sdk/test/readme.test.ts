/** The README's promises, kept: its code compiles and runs, its configuration fits its plugin. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, notifierKind } from "../src/client/index.ts";
import { makeFsEvent } from "../src/testing/index.ts";
import { CodeFolder, codeBlocks, readme } from "./readme-code.ts";

const [pluginCode = "", settingsCode = "", testCode = "", spawnCode = ""] = codeBlocks("ts");
const bundleCommand = codeBlocks("sh").find((code) => code.includes("esbuild arrivals.ts")) ?? "";
const tsconfig = codeBlocks("json").find((code) => code.includes("compilerOptions")) ?? "";
const root = join(import.meta.dirname, "../../..");
const binaries = join(root, "node_modules/.bin");
const tsc = join(binaries, "tsc");

test("the code compiles", () => {
  using folder = new CodeFolder();
  folder.add("plugin.ts", pluginCode);
  folder.add("plugin-settings.ts", settingsCode);
  folder.add("plugin.test.ts", testCode);
  folder.add("plugin-spawn.test.ts", spawnCode);
  const options = { extends: "../../../../tsconfig.base.json", compilerOptions: { noEmit: true }, include: ["*.ts"] };
  const project = folder.add("tsconfig.json", JSON.stringify(options));
  const { stdout } = spawnSync(tsc, ["-p", project], { encoding: "utf8", cwd: folder.path });
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
  const arrived = makeFsEvent({ virtualPath: "/new.txt", fileSizeBytes: 100n });
  await launched.dispense("notifier").sendFsEvent(arrived);
  await launched.stop();
  const [, fields] = lines.find(([message]) => message === "file arrived") ?? assert.fail(JSON.stringify(lines));
  assert.equal(fields["virtualPath"], "/new.txt");
  assert.equal(fields["sizeBytes"], 100);
});

test("the command for one file makes a plugin that runs alone", () => {
  using folder = new CodeFolder();
  folder.add("arrivals.ts", pluginCode);
  const esbuild = join(binaries, "esbuild");
  const command = bundleCommand.replace("npx esbuild", `'${esbuild}' --conditions=source --log-level=warning`);
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

test("the packages, packed, are all a project of its own needs to check and bundle the plugin", () => {
  const project = mkdtempSync(join(tmpdir(), "fairlead-readme-"));
  try {
    installPacked(project);
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(project, "tsconfig.json"), tsconfig);
    writeFileSync(join(project, "arrivals.ts"), pluginCode);
    run(tsc, [], project);
    const command = bundleCommand.replace("npx esbuild", `'${join(binaries, "esbuild")}' --log-level=warning`);
    run("sh", ["-ec", command], project);
    const byHand = spawnSync(process.execPath, [join(project, "arrivals")], { encoding: "utf8" });
    assert.match(byHand.stderr, /is a notifier plugin for SFTPGo and Fairlead/);
  } finally {
    rmSync(project, { recursive: true });
  }
});

/** Does what `npm install` of the packed files does; what they depend on comes from here instead of the registry. */
function installPacked(project: string): void {
  run(process.execPath, ["--conditions=source", "scripts/build-packages.ts"], root);
  const [packCommand = ""] = /npm pack .*/.exec(readme) ?? [];
  run("sh", ["-c", `${packCommand} --silent --pack-destination '${project}'`], root);
  for (const file of readdirSync(project)) {
    const [, name = ""] = /^fairlead-(.*)-\d/.exec(file) ?? [];
    const target = join(project, "node_modules/@fairlead", name);
    mkdirSync(target, { recursive: true });
    run("tar", ["-xzf", join(project, file), "--strip-components=1", "-C", target], project);
  }
  for (const name of ["@bufbuild", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(project, "node_modules", name));
  }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${stdout}${stderr}`);
}

test("the plugin with settings says which one is missing, and starts with it", async () => {
  using folder = new CodeFolder();
  const plugin = folder.add("plugin.ts", settingsCode);
  const options = {
    command: process.execPath,
    args: ["--conditions=source", plugin],
    handshake: NOTIFIER_HANDSHAKE,
    versions: { 1: { notifier: notifierKind } },
  };
  await assert.rejects(launch({ ...options, env: {} }), /--url or ARRIVALS_URL is required: where to report to/);
  await using launched = await launch({ ...options, env: { ARRIVALS_URL: "http://127.0.0.1:1/" } });
  await assert.rejects(launched.dispense("notifier").sendFsEvent(makeFsEvent()), /fetch failed/);
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

test("the test of the executable passes", () => {
  using folder = new CodeFolder();
  folder.add("arrivals.ts", settingsCode);
  const esbuild = join(binaries, "esbuild");
  const command = bundleCommand.replace("npx esbuild", `'${esbuild}' --conditions=source --log-level=warning`);
  run("sh", ["-ec", command], folder.path);
  // The one with which the tests are run, wherever PATH leads.
  const executable = join(folder.path, "arrivals");
  writeFileSync(executable, `#!${process.execPath}\n${readFileSync(executable, "utf8")}`);
  folder.add("plugin.test.ts", spawnCode);
  run(process.execPath, ["--conditions=source", "plugin.test.ts"], folder.path);
});

/** What the README promises a newcomer: `npm start`, then what the screen says. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { freePort } from "./harness/free-port.ts";
import { LineLog } from "./harness/line-log.ts";
import { OpenSsh } from "./harness/openssh.ts";
import { repositoryRoot } from "./harness/repository.ts";
import { Sandbox } from "./harness/sandbox.ts";
import { skipWithout } from "./harness/tools.ts";

interface Started {
  readonly log: LineLog;
  stop(): Promise<void>;
}

test(
  "npm start shows how to log in, and a plugin reports what is uploaded",
  { skip: skipWithout("sftp", "npm", "git") },
  async (t) => {
    const sandbox = await Sandbox.open(t);
    const openSsh = new OpenSsh(sandbox);
    const tree = copyTree(sandbox);
    const port = await freePort();

    const first = startNpm(sandbox, tree, port);
    await first.log.waitForLine("the line to type", new RegExp(`^sftp -P ${port} demo@127\\.0\\.0\\.1$`), slow);
    const password = await passwordShownBy(first.log);
    await sandbox.write("hello.txt", "hello");
    const login = { user: "demo", password };
    const put = await openSsh.sftp({ port }, login, ["put hello.txt", "rename hello.txt greeting.txt"]);
    assert.equal(put.code, 0, put.stderr);
    for (const action of [
      "pre-upload /hello.txt",
      "upload /hello.txt",
      "first-upload /hello.txt",
      "rename /hello.txt",
    ]) {
      await first.log.waitForLine(`the line of the plugin: ${action}`, startOf(action));
      assert.equal(first.log.lines.filter((line) => startOf(action).test(line)).length, 1, `${action} is shown twice`);
    }
    await first.stop();
    await sandbox.assertNothingLeft();

    const second = startNpm(sandbox, tree, port);
    await second.log.waitForLine("the line to type", /^sftp -P /, slow);
    const got = await openSsh.sftp({ port }, login, ["get greeting.txt", "rm greeting.txt"]);
    assert.equal(got.code, 0, `the user or the files did not survive: ${got.stderr}`);
    await second.log.waitForLine("the line of the plugin", startOf("delete /greeting.txt"));
    await second.stop();
    assert.ok((await readdir(sandbox.path("data"))).length > 0, "FAIRLEAD_DATA_DIR is not where the data is");
    assert.ok(!existsSync(join(tree, ".fairlead")), "the tree holds data although FAIRLEAD_DATA_DIR names a folder");
  },
);

/** Bundling plugins, making keys and hashing a password on a busy machine. */
const slow = { timeoutMs: 60_000 };

function startOf(text: string): RegExp {
  return new RegExp(`(?:^|\\s)${text.replaceAll(/[./]/g, "\\$&")}(?:\\s|$)`);
}

async function passwordShownBy(log: LineLog): Promise<string> {
  const line = await log.waitForLine("the password", /^password: \S+$/, slow);
  return line.slice("password: ".length);
}

function startNpm(sandbox: Sandbox, tree: string, port: number): Started {
  const log = new LineLog();
  const child = spawn("npm", ["start"], {
    cwd: tree,
    env: sandbox.environment({
      // npm keeps a cache of compiled code in the temporary folder, when its Node can.
      NODE_DISABLE_COMPILE_CACHE: "1",
      // A newcomer has no Node 26 in PATH: npm brings it.
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      FAIRLEAD_DATA_DIR: sandbox.path("data"),
      SFTPGO_SFTPD__BINDINGS__0__PORT: String(port),
      npm_config_update_notifier: "false",
    }),
    stdio: ["ignore", "pipe", "pipe"],
    // Ctrl-C reaches every process of the terminal: so does the signal below.
    detached: true,
  });
  log.follow(child.stdout);
  log.follow(child.stderr);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      process.kill(-child.pid, "SIGINT");
    }
    await exited;
  };
  sandbox.defer(stop);
  return { log, stop };
}

/**
 * The tree as a clone of it would be: what git tracks or would, with this tree's installed packages, except that those of
 * the workspace are the copy's own.
 */
function copyTree(sandbox: Sandbox): string {
  const tree = sandbox.path("tree");
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repositoryRoot,
    encoding: "utf8",
  });
  for (const file of listed.split("\0").filter((name) => name !== "" && existsSync(join(repositoryRoot, name)))) {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    cpSync(join(repositoryRoot, file), join(tree, file), { verbatimSymlinks: true });
  }
  linkModules(join(repositoryRoot, "node_modules"), join(tree, "node_modules"), true);
  return tree;
}

/** Links of npm are relative, so those of workspace packages lead into the copy. */
function linkModules(from: string, to: string, isRoot: boolean): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (isRoot && entry.name === "@fairlead") linkModules(source, join(to, entry.name), false);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), join(to, entry.name));
    else if (entry.name === ".bin") linkModules(source, join(to, entry.name), false);
    else symlinkSync(source, join(to, entry.name));
  }
}

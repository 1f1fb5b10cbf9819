import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { PluginHostError } from "../src/plugin-host-error.ts";
import type { PluginManager } from "../src/plugin-manager.ts";
import { startPluginManager } from "../src/start-plugin-manager.ts";
import { configureAny } from "./support/any-plugins.ts";
import { bundlePlugin } from "./support/bundled-plugin.ts";
import { upload } from "./support/events.ts";
import { createMemoryLogger } from "./support/memory-logger.ts";
import { isAlive, waitFor } from "./support/plugin-folder.ts";

// The permission model covers what is needed here from Node 26 on.
const skip = process.allowedNodeEnvironmentFlags.has("--allow-net") ? false : "this Node has no --allow-net";
const user = Buffer.from('{"id":0,"username":"ann"}');

const temporaryFolder = process.env["TMPDIR"];
let folder = "";
let cmd = "";
const place = (name: string): string => join(folder, name);

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-sandbox-test-"));
  for (const name of ["keys", "in", "out", "socket", "tmp"]) mkdirSync(place(name));
  process.env["TMPDIR"] = place("tmp");
  writeFileSync(place("keys/id_ed25519"), "a private key");
  writeFileSync(place("in/list"), "a list");
  symlinkSync(place("in"), place("linked"));
  cmd = await bundlePlugin(place("intruder"), "intruder.ts");
});

after(() => {
  if (temporaryFolder === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporaryFolder;
  rmSync(folder, { recursive: true });
});

interface SandboxDocument {
  readonly read?: readonly string[];
  readonly write?: readonly string[];
  readonly network?: boolean;
}

async function start(sandbox: SandboxDocument, more: object = {}): Promise<PluginManager> {
  const entry = { cmd, fairlead: { sandbox }, env_prefix: "none", ...more };
  return await startPluginManager({
    plugins: configureAny({ type: "auth", ...entry }, { type: "notifier", ...entry }),
    env: { PATH: process.env["PATH"], NODE_OPTIONS: "--allow-fs-read=*", LD_LIBRARY_PATH: "/x", KEPT: "kept" },
    logger: createMemoryLogger(),
  });
}

/** `done: …` or `failed: …`, as the plugin says. */
async function attempt(manager: PluginManager, ...what: readonly [string, (string | number)?]): Promise<string> {
  const password = JSON.stringify(what.map(String));
  const request = { username: "ann", ip: "192.0.2.1", protocol: "SSH", user, password };
  const answer = JSON.parse(Buffer.from(await manager.auth.checkPassword(request)).toString()) as object;
  return "description" in answer ? String(answer.description) : assert.fail("no answer");
}

/** Folders for the sockets of plugins, and whatever else the host makes for a while. */
const temporaryFiles = (): readonly string[] => readdirSync(place("tmp"));

describe("a sandboxed plugin", { skip }, () => {
  test("serves all its types, and leaves nothing", async () => {
    const manager = await start({});
    const [auth, notifier] = manager.status();
    assert.equal(auth?.pid, notifier?.pid);
    manager.notifiers.publish(upload("ann", "/1"));
    assert.equal((await manager.notifiers.drain()).delivered, 1);
    assert.equal(await attempt(manager, "arguments"), "done: []");
    await manager.stop();
    assert.ok(auth?.pid !== undefined && !isAlive(auth.pid));
    assert.deepEqual(temporaryFiles(), []);
  });

  test("leaves nothing when its host is killed", async () => {
    const fixture = join(import.meta.dirname, "fixtures", "sandbox-host.ts");
    const host = spawn(process.execPath, ["--conditions=source", fixture, cmd], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(host.stdout, "data")) as [Buffer];
    const pid = Number(line);
    assert.ok(isAlive(pid) && temporaryFiles().length > 0);
    host.kill("SIGKILL");
    await waitFor(() => !isAlive(pid), "the plugin to end");
    await waitFor(() => temporaryFiles().length === 0, "its folder to be gone");
  });

  test("reads and writes in its folders only", async () => {
    await using manager = await start({ read: [place("linked")], write: [place("out")] });
    assert.equal(await attempt(manager, "read", place("keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "read", place("in/../keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "read", `/proc/${process.pid}/environ`), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "write", place("keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "write", place("in/list")), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "write", cmd), "failed: ERR_ACCESS_DENIED");
    assert.equal(await attempt(manager, "link", place("out/etc")), "failed: ERR_ACCESS_DENIED");
    assert.equal(readFileSync(place("keys/id_ed25519"), "utf8"), "a private key");
    assert.equal(await attempt(manager, "read", place("linked/list")), 'done: "a list"');
    assert.equal(await attempt(manager, "read", place("in/list")), 'done: "a list"');
    assert.match(await attempt(manager, "write", place("out/new")), /^done/);
    assert.equal(await attempt(manager, "read", place("out/new")), 'done: "written"');
  });

  test("opens no database, which would have no limits", async () => {
    await using manager = await start({ write: [place("out")] });
    assert.equal(await attempt(manager, "sqlite", place("keys/db")), "failed: ERR_UNKNOWN_BUILTIN_MODULE");
    assert.match(await attempt(manager, "builtin", "node:sqlite"), /^failed/);
    assert.ok(!existsSync(place("keys/db")));
  });

  test("starts no process, thread or debugger, and disturbs no process", async () => {
    await using manager = await start({});
    for (const what of ["spawn", "worker", "execve", "inspector"]) {
      assert.equal(await attempt(manager, what), "failed: ERR_ACCESS_DENIED", what);
    }
    assert.equal(await attempt(manager, "kill", process.pid), "failed: EPERM");
    assert.equal(await attempt(manager, "kill", 0), "failed: EPERM");
    assert.match(await attempt(manager, "debug", process.pid), /^failed/);
    assert.match(await attempt(manager, "nice", process.pid), /^failed/);
  });

  test("writes no file by way of V8's flags", async () => {
    await using manager = await start({});
    const flag = `--redirect-code-traces-to=${place("keys/id_ed25519")}`;
    assert.equal(await attempt(manager, "flags", flag), "failed: ERR_ACCESS_DENIED");
  });

  test("does not end its host with a folder that cannot be removed", async () => {
    const litterer = await bundlePlugin(place("litterer"), "intruder.ts", { INTRUDER_LITTERS: "yes" });
    const fixture = join(import.meta.dirname, "fixtures", "sandbox-host.ts");
    chmodSync(folder, 0o755);
    mkdirSync(place("litter"));
    chmodSync(place("litter"), 0o777);
    // Root can remove everything.
    const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const host = spawn(process.execPath, ["--conditions=source", fixture, litterer], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: place("litter") },
      ...asNobody,
    });
    const ended = once(host, "exit");
    const [line] = (await Promise.race([once(host.stdout, "data"), ended])) as [Buffer];
    process.kill(Number(line), "SIGKILL");
    await waitFor(() => host.exitCode !== null || readdirSync(place("litter")).length > 1, "the next plugin");
    assert.equal(host.exitCode, null, "the host has ended");
    host.kill("SIGTERM");
    await ended;
    for (const name of readdirSync(place("litter"))) chmodSync(join(place("litter"), name, "litter"), 0o755);
  });

  test("reaches nobody without network, not even by a unix socket", async () => {
    const tcp = createServer().listen(0, "127.0.0.1");
    const unix = createServer().listen(place("socket/s"));
    try {
      await using manager = await start({ read: [place("socket")], write: [place("socket")] });
      const { port } = tcp.address() as AddressInfo;
      assert.equal(await attempt(manager, "connect", port), "failed: ERR_ACCESS_DENIED");
      assert.equal(await attempt(manager, "connect-unix", place("socket/s")), "failed: ERR_ACCESS_DENIED");
      assert.equal(await attempt(manager, "listen"), "failed: ERR_ACCESS_DENIED");
      assert.equal(await attempt(manager, "udp", port), "failed: ERR_ACCESS_DENIED");
      assert.match(await attempt(manager, "fetch", `http://127.0.0.1:${port}/`), /^failed/);
      assert.equal(await attempt(manager, "lookup", "localhost"), "failed: ERR_ACCESS_DENIED");
    } finally {
      tcp.close();
      unix.close();
    }
  });

  test("has the network when its entry says so, and no files by it", async () => {
    const tcp = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    try {
      await using manager = await start({ network: true });
      const { port } = tcp.address() as AddressInfo;
      assert.match(await attempt(manager, "connect", port), /^done/);
      assert.equal(await attempt(manager, "read", place("keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
      assert.equal(await attempt(manager, "kill", process.pid), "failed: EPERM");
    } finally {
      tcp.close();
    }
  });

  test("gets no variable that would undo it", async () => {
    await using manager = await start({}, { env_vars: ["NODE_OPTIONS", "LD_LIBRARY_PATH", "KEPT"] });
    assert.match(await attempt(manager, "env", "NODE_OPTIONS"), /^failed/);
    assert.match(await attempt(manager, "env", "LD_LIBRARY_PATH"), /^failed/);
    assert.equal(await attempt(manager, "env", "KEPT"), 'done: "kept"');
    assert.equal(await attempt(manager, "read", place("keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
  });

  test("works without TLS", async () => {
    await using manager = await start({}, { auto_mtls: false });
    assert.equal(await attempt(manager, "read", place("keys/id_ed25519")), "failed: ERR_ACCESS_DENIED");
  });

  test("is checked by the sum of its own file", async () => {
    const sha256sum = createHash("sha256").update(readFileSync(cmd)).digest("hex");
    await using manager = await start({}, { sha256sum });
    assert.equal(await attempt(manager, "arguments"), "done: []");
    await assert.rejects(start({}, { sha256sum: "00".repeat(32) }), (error: unknown) => {
      assert.ok(PluginError.is((error as Error).cause, "ERR_CHECKSUM_MISMATCH"), String(error));
      return true;
    });
  });
});

const refusals = [
  { what: "a shell script", text: "#!/bin/sh\n", says: /its first line is "#!\/bin\/sh"/ },
  { what: "a program", text: "\x7fELF", says: /it is no JavaScript/ },
] as const;

describe("a sandbox refuses", { skip }, () => {
  for (const { what, text, says } of refusals) {
    test(what, async () => {
      const file = place(what.replaceAll(" ", "-"));
      writeFileSync(file, text, { mode: 0o755 });
      await assert.rejects(start({}, { cmd: file }), (error: unknown) => {
        assert.ok(PluginHostError.is((error as Error).cause, "ERR_SANDBOX"), String(error));
        assert.match((error as Error).message, says);
        return true;
      });
    });
  }

  test("a folder that is not there", async () => {
    await assert.rejects(start({ read: [place("nowhere")] }), /names ".*\/nowhere", which cannot be used \(ENOENT\)/);
  });

  test("a plugin that is not there", async () => {
    await assert.rejects(start({}, { cmd: place("nothing") }), /there is no such file that this server may read/);
  });
});

import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";

import ssh2 from "ssh2";

import { fairlead, launchServe, type ServeProcess, startServe } from "./fixtures/fairlead-process.ts";
import { type ClientResult, sftp } from "./fixtures/openssh.ts";

let folder = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-serve-"));
  configure({});
  const added = await fairlead(["user", "add", "alice", "--home-dir", "home"], { cwd: folder, input: "secret\n" });
  assert.equal(added.code, 0, added.stderr);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function configure(more: Record<string, unknown>): void {
  const base = {
    common: { defender: { login_delay: { password_failed: 0 } } },
    sftpd: { bindings: [{ address: "127.0.0.1", port: 0 }], host_keys: ["id_ed25519"] },
    data_provider: { password_hashing: { bcrypt_options: { cost: 4 } } },
    fairlead: { free_ports: true },
  };
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify({ ...base, ...more }));
}

/** A plugin that writes every event it gets as a line of a file, after `delayMs`. */
function configureRecorder(delayMs = 0): string {
  const events = join(folder, "events.txt");
  const sdk = import.meta.resolve("@fairlead/plugin-sdk");
  const script = join(folder, "recorder");
  writeFileSync(
    script,
    `#!${process.execPath} --conditions=source
import { appendFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { serveNotifier } from ${JSON.stringify(sdk)};
const record = async (line) => { await setTimeout(${delayMs}); appendFileSync(${JSON.stringify(events)}, line + "\\n"); };
await serveNotifier({
  onFsEvent: (event) => record(event.action + " " + event.virtualPath + " " + event.status),
  onLogEvent: (event) => record("log " + event.event + " " + event.username),
  start: () => { console.log("printed by the recorder"); appendFileSync(${JSON.stringify(events)}, "pid " + process.pid + "\\n"); },
});
`,
  );
  chmodSync(script, 0o755);
  // The name ends in .mjs so that Node reads it as a module whatever lies beside it.
  copyFileSync(script, `${script}.mjs`);
  chmodSync(`${script}.mjs`, 0o755);
  const actions = ["upload", "pre-upload", "download", "first-upload"];
  configure({
    plugins: [
      {
        type: "notifier",
        cmd: `${script}.mjs`,
        auto_mtls: true,
        notifier_options: { fs_events: actions, log_events: [1, 2, 3, 4, 5] },
      },
    ],
  });
  return events;
}

async function client(server: ServeProcess, input: string, password = "secret"): Promise<ClientResult> {
  return await sftp({ port: server.port, folder, username: "alice", credentials: { password }, input });
}

function linesOf(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function pidIn(file: string): number {
  return Number(
    linesOf(file)
      .find((line) => line.startsWith("pid "))
      ?.slice(4),
  );
}

describe("fairlead serve", () => {
  test("serves SFTP and stops with code 0 on SIGTERM", async () => {
    await using server = await startServe([], { cwd: folder });
    const result = await client(server, "mkdir /a\nls /\n");
    assert.equal(result.code, 0, result.stderr);
    server.child.kill("SIGTERM");
    assert.equal((await server.result).code, 0);
    assert.match(server.log(), /"msg":"stopped"/);
  });

  test("makes its host key once, readable by the owner alone", async () => {
    const file = join(folder, "id_ed25519");
    await stopped(await startServe([], { cwd: folder }));
    const first = readFileSync(file, "utf8");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(`${file}.pub`, "utf8"), /^ssh-ed25519 AAAA/);
    await stopped(await startServe([], { cwd: folder }));
    assert.equal(readFileSync(file, "utf8"), first);
  });

  test("goes on after SIGHUP", async () => {
    await using server = await startServe([], { cwd: folder });
    server.child.kill("SIGHUP");
    const result = await client(server, "pwd\n");
    assert.equal(result.code, 0, result.stderr);
  });

  test("says first what it reads and where it writes, and that it makes a key", async () => {
    const server = await startServe([], { cwd: folder });
    await stopped(server);
    const lines = server
      .log()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      [lines[0]?.["msg"], lines[0]?.["file"], lines[0]?.["dataDir"]],
      ["configuration", join(folder, "fairlead.json"), folder],
    );
    assert.deepEqual([lines[1]?.["msg"], lines[1]?.["file"]], ["making host key", join(folder, "id_ed25519")]);
  });

  test("is alone on its database", async () => {
    await using server = await startServe([], { cwd: folder });
    const second = await fairlead(["serve", "--log-level", "error"], { cwd: folder });
    assert.equal(second.code, 1);
    assert.match(
      second.stderr,
      new RegExp(`^fairlead: another server \\(process ${server.child.pid}\\) runs on .*\n$`),
    );
  });

  test("keeps its database to its owner, and says so when others may read it", async () => {
    const database = join(folder, "fairlead.db");
    assert.equal(statSync(database).mode & 0o777, 0o600);
    chmodSync(database, 0o644);
    const server = await startServe([], { cwd: folder });
    await stopped(server);
    assert.match(server.log(), /"level":"warn".*"file":"[^"]*fairlead\.db","msg":"database can be read by others/);
  });

  test("sees a user added while it runs", async () => {
    await using server = await startServe([], { cwd: folder });
    await fairlead(["user", "add", "late", "--home-dir", "late"], { cwd: folder, input: "pw\n" });
    const result = await sftp({
      port: server.port,
      folder,
      username: "late",
      credentials: { password: "pw" },
      input: "pwd\n",
    });
    assert.equal(result.code, 0, result.stderr);
  });

  test("logs why a login or a connection is refused in the operator's words", async () => {
    await using server = await startServe([], {
      cwd: folder,
      env: { SFTPGO_COMMON__MAX_PER_HOST_CONNECTIONS: "1" },
    });
    await sftp({ port: server.port, folder, username: "ghost", credentials: { password: "x" }, input: "pwd\n" });
    assert.match(server.log(), /"username":"ghost","reason":"no such user","msg":"login refused"/);
    const sockets: Socket[] = [];
    for (let isRefused = false; !isRefused;) {
      const socket = connect(server.port, "127.0.0.1").on("error", () => undefined); // a refused one is reset
      sockets.push(socket);
      const closed = new Promise<true>((resolve) => socket.on("close", () => resolve(true)));
      isRefused = await Promise.race([
        closed,
        new Promise<false>((resolve) => socket.on("data", () => resolve(false))),
      ]);
    }
    for (const socket of sockets) socket.destroy();
    assert.match(server.log(), /"limit":"common\.max_per_host_connections","max":1,"msg":"connection refused"/);
  });

  test("logs no password", async () => {
    await using server = await startServe(["--log-level", "trace"], { cwd: folder });
    await client(server, "pwd\n");
    await client(server, "pwd\n", "wrong-password-42");
    const log = server.log();
    assert.match(log, /"msg":"login"/);
    assert.equal(log.includes("secret") || log.includes("wrong-password-42") || log.includes("$2a$"), false);
  });
});

describe("fairlead serve with a plugin", () => {
  test("delivers logins and uploads", async () => {
    const events = configureRecorder();
    const server = await startServe([], { cwd: folder });
    writeFileSync(join(folder, "local"), "x");
    await client(server, "pwd\n", "wrong");
    await client(server, `put ${join(folder, "local")} /remote\n`);
    await stopped(server);
    const lines = linesOf(events).filter((line) => !line.startsWith("pid"));
    assert.deepEqual(lines.toSorted(), [
      "first-upload /remote 1",
      "log 1 alice",
      "log 5 alice",
      "pre-upload /remote 1",
      "upload /remote 1",
    ]);
    assert.equal(isAlive(pidIn(events)), false);
    assert.match(
      server.log(),
      /"plugin":"recorder\.mjs","channel":"stdout","line":"printed by the recorder","msg":"plugin output"/,
    );
  });

  test("delivers what was accepted before SIGTERM, also of an upload cut off by it", async () => {
    const events = configureRecorder(50);
    const server = await startServe([], { cwd: folder });
    const connection = new ssh2.Client();
    const opened = Promise.withResolvers<void>();
    connection.on("error", () => undefined); // the server hangs up
    connection.on("ready", () => {
      connection.sftp((_error, channel) => {
        channel.open("/cut", "w", (_failure, handle) => {
          channel.write(handle, Buffer.from("half"), 0, 4, 0, () => opened.resolve());
        });
      });
    });
    connection.connect({ host: "127.0.0.1", port: server.port, username: "alice", password: "secret" });
    await opened.promise;
    await stopped(server);
    connection.end();
    assert.ok(
      linesOf(events).some((line) => line.startsWith("upload /cut")),
      linesOf(events).join("; "),
    );
    assert.equal(isAlive(pidIn(events)), false);
  });

  test("stopped while a plugin starts, says so and ends with code 0", async () => {
    const plugin = join(folder, "sleeper");
    writeFileSync(plugin, `#!/bin/sh\necho $$ > ${join(folder, "pid")}\nexec sleep 60\n`, { mode: 0o755 });
    configure({ plugins: [{ type: "notifier", cmd: plugin, notifier_options: { log_events: [1] } }] });
    const running = launchServe(["--log-level", "debug"], { cwd: folder });
    await running.firstMatch(/(starting plugin)/);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.result;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /"msg":"stopped before it was ready"/);
    assert.equal(stderr.includes("fairlead: "), false, stderr);
  });

  test("stops its plugins when the port is in use", async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
    const address = blocker.address();
    const port = typeof address === "object" ? address?.port : 0;
    const events = configureRecorder();
    const result = await fairlead(["serve", "--log-level", "error"], {
      cwd: folder,
      env: { SFTPGO_SFTPD__BINDINGS__0__PORT: String(port) },
    });
    blocker.close();
    assert.equal(result.code, 1);
    assert.equal(
      result.stderr,
      `fairlead: cannot listen for SSH on 127.0.0.1:${port} (sftpd.bindings): the port is in use\n`,
    );
    assert.ok(pidIn(events) > 0);
    assert.equal(isAlive(pidIn(events)), false);
  });

  test("does not start when every binding is switched off by port 0, as in SFTPGo", async () => {
    const result = await fairlead(["serve", "--log-level", "error"], {
      cwd: folder,
      env: { SFTPGO_FAIRLEAD__FREE_PORTS: "false" },
    });
    assert.equal(result.code, 1);
    assert.match(result.stderr, /fairlead\.json: sftpd\.bindings has no port to listen on/);
  });

  test("with grace time lets a client finish, a second signal ends it", async () => {
    await using server = await startServe(["--grace-time", "600"], { cwd: folder });
    const connection = new ssh2.Client();
    const closed = new Promise<void>((resolve) => connection.on("close", () => resolve()));
    connection.on("error", () => undefined); // the server hangs up
    await new Promise<void>((resolve) => {
      connection.on("ready", () => resolve());
      connection.connect({ host: "127.0.0.1", port: server.port, username: "alice", password: "secret" });
    });
    server.child.kill("SIGTERM");
    await new Promise<void>((resolve, reject) => {
      connection.sftp((error, channel) =>
        error === undefined
          ? channel.writeFile("/late", "late", (failure) => (failure ? reject(failure) : resolve()))
          : reject(error),
      );
    });
    server.child.kill("SIGTERM");
    assert.equal((await server.result).code, 0);
    await closed;
    assert.equal(readFileSync(join(folder, "home", "late"), "utf8"), "late");
  });
});

async function stopped(server: ServeProcess): Promise<void> {
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.result;
  assert.equal(code, 0, stderr);
}

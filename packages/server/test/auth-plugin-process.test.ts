import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import ssh2 from "ssh2";

import { type ServeProcess, startServe } from "./fixtures/fairlead-process.ts";
import { logInByKeyboard } from "./fixtures/keyboard-login.ts";
import { type Credentials, makeKey, sftp, ssh } from "./fixtures/openssh.ts";
import { makePluginScript } from "./fixtures/plugin-script.ts";

// The whole server with plugins in processes of their own, written with our SDK.

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-auth-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface PluginSetup {
  readonly scope?: number;
  readonly deny?: string;
  readonly restartDelayS?: number;
  readonly types?: readonly string[];
}

function configure({
  scope = 7,
  deny = "",
  restartDelayS = 0.1,
  types = ["auth", "ipfilter", "notifier"],
}: PluginSetup): void {
  const cmd = makePluginScript(folder, "auth-plugin.ts", {
    PLUGIN_FILE: join(folder, "notes"),
    PLUGIN_HOMES: join(folder, "homes"),
    ...(deny === "" ? {} : { PLUGIN_DENY: deny }),
  });
  const fairlead = { restart: { initial_delay: restartDelayS, max_delay: restartDelayS } };
  const config = {
    common: { defender: { login_delay: { password_failed: 0 } } },
    sftpd: { bindings: [{ address: "127.0.0.1", port: 0 }], host_keys: ["id_ed25519"] },
    data_provider: { password_hashing: { bcrypt_options: { cost: 4 } } },
    fairlead: { free_ports: true },
    plugins: [
      { type: "auth", cmd, auto_mtls: true, auth_options: { scope }, fairlead },
      { type: "ipfilter", cmd, auto_mtls: true, fairlead },
      {
        type: "notifier",
        cmd,
        auto_mtls: true,
        notifier_options: { log_events: [1, 2, 3, 4, 5], retry_max_time: 60 },
        fairlead,
      },
    ].filter(({ type }) => types.includes(type)),
  };
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify(config));
}

async function serve(setup: PluginSetup = {}): Promise<ServeProcess> {
  configure(setup);
  return await startServe(["--config-dir", folder], { cwd: folder });
}

function notes(): readonly string[] {
  const file = join(folder, "notes");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

/** Waits until the plugin has noted a line, which never decides how a test ends, only when. */
async function noted(line: RegExp, times = 1): Promise<string> {
  for (;;) {
    const found = notes().filter((one) => line.test(one));
    if (found.length >= times) {
      return found.at(-1) ?? "";
    }
    await sleep(20);
  }
}

async function logIn(server: ServeProcess, username: string, credentials: Credentials): Promise<string> {
  const { code, stdout } = await ssh({ port: server.port, folder, username, credentials }, "pwd");
  return `${code} ${stdout}`.trim();
}

describe("with an auth plugin, a server", () => {
  test("lets in whom the plugin brings, by password, key and keyboard-interactive, all in one process", async () => {
    await using server = await serve();
    assert.equal(await logIn(server, "ann", { password: "right" }), "0 /");
    assert.equal(await logIn(server, "ann", { password: "wrong" }), "255");
    assert.equal(await logIn(server, "bykey", { keyFiles: [makeKey(folder, "key")] }), "0 /");
    const { isIn, questions } = await logInByKeyboard(server.port, "kate", ["123", "blue"]);
    assert.deepEqual({ isIn, questions }, { isIn: true, questions: ["Token: ", "Colour? "] });
    assert.equal((await logInByKeyboard(server.port, "kate", ["123", "red"])).isIn, false);
    await noted(/^log 1 kate/);
    assert.deepEqual(
      notes()
        .filter((line) => !line.startsWith("ip "))
        .map((line) => line.replace(/^start \d+$/, "start").replace(/elapsed: [^,]+,/, "elapsed: $DUR,")),
      [
        "start",
        "password ann unknown",
        "log 5 ann",
        "password ann known",
        'log 1 ann plugin auth error for user "ann": rpc error: code = PermissionDenied desc = [redacted] password, elapsed: $DUR, auth scope: 1',
        "key bykey 2 line",
        "log 5 bykey",
        "log 5 kate",
        "log 1 kate rpc error: code = PermissionDenied desc = no",
      ],
    );
  });

  test("gives the user it brings a home with files", async () => {
    await using server = await serve();
    const client = { port: server.port, folder, username: "ann", credentials: { password: "right" } };
    const local = join(folder, "local");
    writeFileSync(local, "content");
    const result = await sftp({ ...client, input: `put ${local} /f\n` });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(readFileSync(join(folder, "homes", "ann", "f"), "utf8"), "content");
  });

  test("cancels the call for a client that leaves", async () => {
    await using server = await serve();
    const client = new ssh2.Client();
    client.on("error", () => undefined);
    client.connect({ host: "127.0.0.1", port: server.port, username: "slow", password: "x" });
    await noted(/^password slow/);
    client.destroy();
    await noted(/^slow cancelled/);
    assert.equal(await logIn(server, "ann", { password: "right" }), "0 /");
  });

  test("refuses while the plugin is down, names it in the log, and lets in again afterwards", async () => {
    await using server = await serve({ types: ["auth"], restartDelayS: 3 });
    assert.equal(await logIn(server, "crash", { password: "right" }), "255");
    assert.equal(await logIn(server, "ann", { password: "right" }), "255");
    assert.match(
      server.log(),
      /"reason":"plugin auth error for user \\"ann\\": .*"plugin":"plugins\[0\] \(auth .*auth-plugin.*"msg":"login refused"/,
    );
    await noted(/^start/, 2);
    while ((await logIn(server, "ann", { password: "right" })) !== "0 /") await sleep(50);
    // Stored by now, but nobody falls back to that.
    assert.equal(await logIn(server, "ann", { password: "wrong" }), "255");
  });

  test("refuses a conversation in whose middle the plugin crashes", async () => {
    await using server = await serve();
    const { isIn, questions } = await logInByKeyboard(server.port, "kicrash", ["123"]);
    assert.deepEqual({ isIn, questions }, { isIn: false, questions: ["Token: "] });
    assert.match(await noted(/^log 1 kicrash/), /^log 1 kicrash rpc error: code = Unavailable desc = /);
  });

  test("stops at once though a login waits for the plugin", async () => {
    await using server = await serve();
    const client = new ssh2.Client();
    client.on("error", () => undefined);
    client.connect({ host: "127.0.0.1", port: server.port, username: "slow", password: "x" });
    await noted(/^password slow/);
    server.child.kill("SIGTERM");
    const { code } = await server.result;
    assert.equal(code, 0);
  });
});

describe("with an ipfilter plugin, a server", () => {
  test("asks it before the first byte, and hangs up on who may not connect", async () => {
    await using server = await serve({ deny: "127.0.0.1" });
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    await once(socket, "close");
    assert.equal(socket.bytesRead, 0);
    assert.deepEqual(
      notes().filter((line) => !line.startsWith("start")),
      ["ip 127.0.0.1 SSH"],
    );
  });
});

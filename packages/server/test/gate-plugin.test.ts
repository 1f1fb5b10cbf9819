import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { loadConfig } from "../src/config/load-config.ts";
import { startServer } from "../src/start-server.ts";
import { createMemoryLogger, type LogLine } from "./files/test-file-system.ts";
import { type ClientResult, sftp } from "./fixtures/openssh.ts";
import { makePluginScript } from "./fixtures/plugin-script.ts";

// A plugin in a process of its own that refuses what has "forbidden" in its path, and can be made to hang or to end.

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-gate-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Started extends AsyncDisposable {
  readonly lines: readonly LogLine[];
  /** OpenSSH's sftp with these commands; each may fail. */
  batch(...commands: readonly string[]): Promise<ClientResult>;
  has(name: string): boolean;
}

async function start(gate: object): Promise<Started> {
  const logger = createMemoryLogger();
  const plugin = {
    type: "notifier",
    cmd: makePluginScript(folder, "gate-plugin.ts"),
    auto_mtls: true,
    notifier_options: { fs_events: ["upload"] },
    fairlead: { gate },
  };
  const config = {
    sftpd: { bindings: [{ port: 0, address: "127.0.0.1" }], host_keys: ["id_ed25519"] },
    data_provider: { users_base_dir: join(folder, "homes"), password_hashing: { bcrypt_options: { cost: 4 } } },
    fairlead: { free_ports: true },
    plugins: [plugin],
  };
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify(config));
  const server = await startServer({ config: loadConfig({ configDir: folder, env: { ...process.env } }), logger });
  const user = { username: "ann", status: 1, password: "pw", permissions: { "/": ["*"] } };
  await server.users.add(user);
  return {
    lines: logger.lines,
    batch: async (...commands) =>
      await sftp({
        port: server.addresses[0]?.port ?? 0,
        username: "ann",
        folder,
        credentials: { password: "pw" },
        input: commands.map((command) => `-${command}\n`).join(""),
      }),
    has: (name) => existsSync(join(folder, "homes", "ann", name)),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

test("a plugin's refusal reaches the client with its words, what it allows is done", async () => {
  await using started = await start({});
  const { stderr } = await started.batch("mkdir fine", "mkdir forbidden", "rename fine forbidden2", "rmdir fine");
  assert.match(stderr, /refused: mkdir of \/forbidden is forbidden\r?\n/);
  assert.match(stderr, /remote mkdir "\/forbidden": Permission denied/);
  assert.equal(started.has("forbidden"), false);
  // The target of a rename is no virtualPath; that plugin looks at the first path only.
  assert.equal(started.has("forbidden2"), true);
});

test("a plugin that ends over a question refuses, and is asked again once it is back", async () => {
  await using started = await start({ timeout: 10 });
  await started.batch("mkdir exit");
  assert.equal(started.has("exit"), false);
  // It is started again after a tenth of a second; until then the gate is closed.
  while (!started.has("fine")) {
    await started.batch("mkdir fine");
  }
  const { stderr } = await started.batch("mkdir forbidden");
  assert.match(stderr, /refused: mkdir of \/forbidden is forbidden/);
});

test("a plugin that does not answer in time refuses", async () => {
  await using started = await start({ timeout: 2 });
  const { stderr } = await started.batch("mkdir hang", "mkdir fine");
  assert.match(stderr, /remote mkdir "\/hang": Permission denied/);
  assert.equal(started.has("hang"), false);
  assert.equal(started.has("fine"), true);
});

test("with on_failure allow, a plugin that does not answer in time holds nothing up for ever", async () => {
  await using started = await start({ timeout: 2, on_failure: "allow" });
  await started.batch("mkdir hang", "mkdir forbidden");
  assert.equal(started.has("hang"), true);
  assert.equal(started.has("forbidden"), false);
});

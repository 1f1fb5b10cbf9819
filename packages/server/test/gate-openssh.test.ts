import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { openUserFileSystem } from "../src/files/user-file-system.ts";
import { type ClientOptions, scp, sftp } from "./fixtures/openssh.ts";
import { startSshTestServer } from "./fixtures/ssh-test-server.ts";

// What users of OpenSSH's clients read on their terminal when a plugin refuses.

async function startWithGate(message: string) {
  const server = await startSshTestServer({
    openFileSystem: async (session) =>
      await openUserFileSystem({
        session,
        events: { publish: () => undefined },
        activity: { markFirstUpload: async () => false, markFirstDownload: async () => false },
        gate: { isConfigured: true, check: async () => ({ allowed: false, message }) },
      }),
  });
  await server.users.add({ username: "ann", status: 1, password: "pw", permissions: { "/": ["*"] } });
  const home = server.homeOf("ann");
  mkdirSync(join(home, "d"), { recursive: true });
  writeFileSync(join(home, "f"), "x");
  const client: ClientOptions = {
    port: server.port,
    username: "ann",
    folder: server.folder,
    credentials: { password: "pw" },
  };
  return { server, home, client };
}

test("sftp shows the refusal of each operation with the plugin's words", async () => {
  const { server, home, client } = await startWithGate("no files on fridays");
  await using _closing = server;
  const local = join(server.folder, "local");
  writeFileSync(local, "x");
  const lines = [
    `put ${local} new`,
    `put ${local} f`,
    "get f got",
    "rm f",
    "rename f g",
    "mkdir e",
    "rmdir d",
    "ln f h",
  ];
  // A dash in front of a command lets a batch go on.
  const { code, stderr } = await sftp({ ...client, input: lines.map((line) => `-${line}\n`).join("") });
  assert.equal(code, 0);
  assert.equal(stderr.match(/Permission denied/g)?.length, lines.length, stderr);
  assert.equal(stderr.match(/^refused: no files on fridays\r?$/gm)?.length, lines.length, stderr);
  for (const name of ["new", "g", "e", "h"]) {
    assert.equal(existsSync(join(home, name)), false, name);
  }
  assert.ok(existsSync(join(home, "d")) && existsSync(join(home, "f")));
});

test("scp shows it too", async () => {
  const { server, client } = await startWithGate("no files on fridays");
  await using _closing = server;
  const { code, stderr } = await scp(client, "ann@127.0.0.1:/f", join(server.folder, "got"));
  assert.equal(code, 1);
  assert.match(stderr, /refused: no files on fridays/);
  assert.match(stderr, /Permission denied/);
});

test("a plugin's words cannot play with the terminal", async () => {
  const { server, client } = await startWithGate("\u001B[2J\u0007\r\nPassword: \u202E");
  await using _closing = server;
  const { stderr } = await sftp({ ...client, input: "-rm f\n" });
  assert.match(stderr, /^refused: \[2J Password:\r?$/m);
  for (const harmful of ["\u001B", "\u0007", "\u202E"]) {
    assert.ok(!stderr.includes(harmful));
  }
});

test("a thousand refusals end in no more than a hundred notes and a session that goes on", async () => {
  const { server, client } = await startWithGate("no");
  await using _closing = server;
  const { code, stdout, stderr } = await sftp({ ...client, input: `${"-rm f\n".repeat(1000)}ls -1\n` });
  assert.equal(code, 0);
  assert.match(stdout, /ls -1\r?\nd\s+f\s*$/);
  const notes = stderr.match(/^refused: no\r?$/gm)?.length ?? 0;
  assert.ok(notes > 0 && notes <= 100, String(notes));
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";

import { type ClientOptions, type ClientResult, ssh } from "./fixtures/openssh.ts";
import { openRawSsh } from "./fixtures/raw-ssh-client.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";
import { enabledCommands } from "../src/ssh/ssh-command.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(user: object = {}, overrides: Overrides = {}): Promise<void> {
  server = await startSshTestServer(overrides);
  await server.users.add({ username: "full", status: 1, password: "pw", permissions: { "/": ["*"] }, ...user });
  const home = server.homeOf("full");
  mkdirSync(join(home, "sd"), { recursive: true });
  mkdirSync(join(home, "no"));
  writeFileSync(join(home, "a.txt"), "hi\n");
  writeFileSync(join(home, "b c.txt"), "q\n");
  writeFileSync(join(home, "x.zip"), "z\n");
  writeFileSync(join(home, "no", "f"), "n\n");
}

async function run(command: string, input = ""): Promise<ClientResult> {
  const client: ClientOptions = {
    port: server.port,
    folder: server.folder,
    username: "full",
    credentials: { password: "pw" },
    input,
  };
  return await ssh(client, command);
}

async function outcome(command: string, input = ""): Promise<string> {
  const { code, stdout } = await run(command, input);
  return `${code} ${stdout}`;
}

/** `action path` of each event, once the server has seen the clients go. */
async function events(): Promise<readonly string[]> {
  await server.server.close();
  return server.fsEvents.map((event) => event.replace(/_[0-9a-f]{64}_/, "_ID_"));
}

function hex(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

describe("a command", () => {
  test("pwd says where relative paths begin", async () => {
    await start({ filters: { start_directory: "/sd" } });
    assert.equal(await outcome("pwd"), "0 /sd\n");
    assert.deepEqual(await events(), ["ssh_cmd  SSH_ID_1"]);
  });

  test("cd does nothing and succeeds", async () => {
    await start();
    assert.equal(await outcome("cd /"), "0 ");
    assert.equal(await outcome("cd /nope"), "0 ");
    assert.deepEqual(await events(), ["ssh_cmd / SSH_ID_1", "ssh_cmd /nope SSH_ID_1"]);
  });

  for (const [name, algorithm] of [
    ["md5sum", "md5"],
    ["sha1sum", "sha1"],
    ["sha256sum", "sha256"],
    ["sha384sum", "sha384"],
    ["sha512sum", "sha512"],
  ] as const) {
    test(`${name} gives a file's digest and one event`, async () => {
      await start();
      assert.equal(await outcome(`${name} a.txt`), `0 ${hex(algorithm, "hi\n")}  /a.txt\n`);
      assert.deepEqual(await events(), ["ssh_cmd /a.txt SSH_ID_1"]);
    });
  }

  test("md5sum without a name reads its input", async () => {
    await start();
    assert.equal(await outcome("md5sum", "hello"), `0 ${hex("md5", "hello")}  -\n`);
    assert.equal(await outcome("md5sum"), `0 ${hex("md5", "")}  -\n`);
    assert.deepEqual(await events(), ["ssh_cmd  SSH_ID_1", "ssh_cmd  SSH_ID_1"]);
  });

  test("md5sum of a large file is right", async () => {
    await start();
    const content = Buffer.alloc(3 * 1024 * 1024 + 7, "abc");
    writeFileSync(join(server.homeOf("full"), "big"), content);
    assert.equal(await outcome("md5sum /big"), `0 ${createHash("md5").update(content).digest("hex")}  /big\n`);
  });

  test("takes quoted names, relative ones, and the last of several", async () => {
    await start({ filters: { start_directory: "/sd" } });
    assert.equal(await outcome("md5sum '/b c.txt'"), `0 ${hex("md5", "q\n")}  /b c.txt\n`);
    assert.equal(await outcome("md5sum -b ../a.txt"), `0 ${hex("md5", "hi\n")}  /a.txt\n`);
    assert.equal(await outcome("md5sum a.txt"), "1 md5sum: /sd/a.txt no such file or directory\n");
  });

  test("fails for what is missing, no file, not permitted, hidden or outside", async () => {
    await start({
      permissions: { "/": ["*"], "/no": ["download"] },
      filters: { file_patterns: [{ path: "/", denied_patterns: ["*.zip"], deny_policy: 1 }] },
    });
    symlinkSync("/etc/passwd", join(server.homeOf("full"), "out"));
    assert.equal(await outcome("md5sum /nope"), "1 md5sum: /nope no such file or directory\n");
    assert.equal(await outcome("md5sum /"), "1 md5sum: / failure\n");
    assert.equal(await outcome("md5sum /no/f"), "1 md5sum: /no/f permission denied\n");
    assert.equal(await outcome("md5sum /x.zip"), "1 md5sum: /x.zip no such file or directory\n");
    assert.equal(await outcome("md5sum ../../etc/passwd"), "1 md5sum: /etc/passwd no such file or directory\n");
    assert.match(await outcome("md5sum /out"), /^1 md5sum: \/out (?:permission denied|no such file or directory)\n$/);
  });

  test("that is not enabled or not known is refused with a word, and is no event", async () => {
    await start({}, { commands: enabledCommands(["pwd", "nosuch"]) });
    for (const command of ["md5sum /a.txt", "nosuch", "PWD", "pwd;pwd", 'md5sum "/a']) {
      const { code, stdout, stderr } = await run(command);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" }, command);
      assert.match(stderr, /This command is not available/);
    }
    assert.deepEqual(await events(), []);
  });

  test("that waits for input ends when the client leaves", async () => {
    await start();
    await using raw = await openRawSsh({ port: server.port, login: { username: "full", password: "pw" } });
    await new Promise<void>((resolve, reject) => {
      raw.client.exec("md5sum", (error) => (error === undefined ? resolve() : reject(error)));
    });
    raw.socket.destroy();
    await raw.closed;
    while (server.fsEvents.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await events(), ["ssh_cmd  SSH_ID_1"]);
  });
});

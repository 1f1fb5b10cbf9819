import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";

import { openUserFileSystem } from "../src/files/user-file-system.ts";
import { createDiskQuotaLedger } from "../src/files/disk-quota-ledger.ts";
import { type ClientResult, scp } from "./fixtures/openssh.ts";
import { openRawSsh } from "./fixtures/raw-ssh-client.ts";
import { type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(user: object = {}): Promise<void> {
  server = await startSshTestServer();
  await server.users.add({ username: "full", status: 1, password: "pw", permissions: { "/": ["*"] }, ...user });
  mkdirSync(server.homeOf("full"), { recursive: true });
}

/** OpenSSH's scp with the old protocol; `full:` stands for the server. */
async function old(...args: readonly string[]): Promise<ClientResult> {
  const client = { port: server.port, folder: server.folder, username: "full", credentials: { password: "pw" } };
  return await scp(client, "-O", ...args.map((arg) => arg.replace(/^full:/, "full@127.0.0.1:")));
}

function local(name: string, content: Buffer | string): string {
  const file = join(server.folder, name);
  writeFileSync(file, content);
  return file;
}

function home(...names: readonly string[]): string {
  return join(server.homeOf("full"), ...names);
}

/** `action path protocol` of each event, once the server has seen the clients go. */
async function events(): Promise<readonly string[]> {
  await server.server.close();
  return server.fsEvents.map((event) => event.replace(/_[0-9a-f]{64}_1$/, ""));
}

describe("scp in the old protocol", () => {
  test("uploads a file, into a directory or under a name", async () => {
    await start();
    const content = randomBytes(300_000);
    const file = local("one.bin", content);
    mkdirSync(home("dir"));
    assert.equal((await old(file, "full:/two.bin")).code, 0);
    assert.equal((await old(file, "full:dir")).code, 0);
    assert.deepEqual(readFileSync(home("two.bin")), content);
    assert.deepEqual(readFileSync(home("dir", "one.bin")), content);
    assert.deepEqual(await events(), [
      "pre-upload /two.bin SCP",
      "upload /two.bin SCP",
      "first-upload /two.bin SCP",
      "pre-upload /dir/one.bin SCP",
      "upload /dir/one.bin SCP",
    ]);
  });

  test("uploads an empty file and several at once, odd names too", async () => {
    await start();
    const files = [local("empty", ""), local("a b'c", "x"), local("ü", "y")];
    assert.equal((await old("-p", ...files, "full:/")).code, 0);
    assert.deepEqual(readdirSync(home()).toSorted(), ["a b'c", "empty", "ü"]);
    assert.equal(readFileSync(home("empty"), "utf8"), "");
  });

  test("uploads a directory without mkdir events, and downloads it", async () => {
    await start();
    mkdirSync(join(server.folder, "td", "in"), { recursive: true });
    local("td/1", "1");
    local("td/in/2", "22");
    assert.equal((await old("-r", join(server.folder, "td"), "full:/")).code, 0);
    assert.equal(readFileSync(home("td", "in", "2"), "utf8"), "22");
    assert.equal((await old("-r", "full:/td", join(server.folder, "back"))).code, 0);
    assert.equal(readFileSync(join(server.folder, "back", "in", "2"), "utf8"), "22");
    assert.equal(readFileSync(join(server.folder, "back", "1"), "utf8"), "1");
    const seen = await events();
    assert.deepEqual(
      seen.filter((event) => /download|mkdir/.test(event)),
      [
        "pre-download /td/1 SCP",
        "download /td/1 SCP",
        "first-download /td/1 SCP",
        "pre-download /td/in/2 SCP",
        "download /td/in/2 SCP",
      ],
    );
  });

  test("downloads the root, which is called as the user", async () => {
    await start();
    mkdirSync(home("in"), { recursive: true });
    writeFileSync(home("1"), "1");
    writeFileSync(home("in", "2"), "22");
    const target = join(server.folder, "all");
    mkdirSync(target);
    assert.equal((await old("-r", "full:/", target)).code, 0);
    assert.equal(readFileSync(join(target, "full", "in", "2"), "utf8"), "22");
    assert.equal(readFileSync(join(target, "full", "1"), "utf8"), "1");
    assert.ok((await events()).includes("download /in/2 SCP"));
  });

  test("downloads a file whole", async () => {
    await start();
    const content = randomBytes(1_000_003);
    writeFileSync(home("big"), content);
    const result = await old("full:/big", join(server.folder, "got"));
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual(readFileSync(join(server.folder, "got")), content);
  });

  test("says why something is left out, and goes on with the rest", async () => {
    await start({ permissions: { "/": ["*"], "/ro": ["list", "download"] } });
    mkdirSync(home("ro"));
    const file = local("f", "x");
    const denied = await old(file, "full:/ro/up");
    assert.equal(denied.code, 1);
    assert.equal(denied.stderr, "scp: /ro/up: permission denied\n");
    const missing = await old("full:/nope", join(server.folder, "nope"));
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /scp: \/nope: no such file or directory/);
    const noDirectory = await old("full:/ro", join(server.folder, "ro"));
    assert.match(noDirectory.stderr, /scp: \/ro: not a regular file/);
    assert.equal(existsSync(join(server.folder, "ro")), false);
    symlinkSync("/etc/passwd", home("out"));
    assert.equal((await old("full:/out", join(server.folder, "out"))).code, 1);
    assert.equal(existsSync(join(server.folder, "out")), false);
  });

  test("over the quota fails, with the event of it", async () => {
    const statuses: number[] = [];
    const quotas = createDiskQuotaLedger();
    server = await startSshTestServer({
      openFileSystem: async (session) =>
        await openUserFileSystem({
          session,
          quotas,
          events: {
            publish: (event) => {
              if (event.kind === "fs" && event.event.action === "upload") statuses.push(event.event.status);
            },
          },
          activity: { markFirstUpload: async () => false, markFirstDownload: async () => false },
        }),
    });
    await server.users.add({
      username: "full",
      status: 1,
      password: "pw",
      permissions: { "/": ["*"] },
      quota_size: 1000,
    });
    const result = await old(local("big", randomBytes(500_000)), "full:/q5");
    assert.equal(result.code, 1);
    assert.match(result.stderr, /scp: \/q5: /);
    assert.deepEqual(statuses, [3]);
    assert.equal(existsSync(home("q5")), false);
  });

  for (const [what, header] of [
    ["a name that is a path", "C0644 1 ../../evil\n"],
    ["a name with a slash", "C0644 1 a/b\n"],
    ["an end without a begin", "E\n"],
    ["a size too large", "C0644 99999999999999999999 x\n"],
    ["no header at all", "GET / HTTP/1.0\n"],
    ["a line without an end", "C".repeat(100_000)],
  ] as const) {
    test(`is given up by the server for ${what}`, async () => {
      await start();
      await using raw = await openRawSsh({ port: server.port, login: { username: "full", password: "pw" } });
      const code = await new Promise<number>((resolve, reject) => {
        raw.client.exec("scp -r -t /", (error, channel) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          channel.once("exit", resolve);
          channel.resume();
          channel.write(header);
        });
      });
      assert.equal(code, 1);
      assert.deepEqual(readdirSync(home()), []);
    });
  }

  test("a client that leaves in the middle of a file leaves a failed upload", async () => {
    await start();
    await using raw = await openRawSsh({ port: server.port, login: { username: "full", password: "pw" } });
    await new Promise<void>((resolve, reject) => {
      raw.client.exec("scp -t /f", (error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        channel.write("C0644 100 f\nhalf");
        channel.on("data", () => {
          if (server.fsEvents.length > 0) resolve(); // begun
        });
      });
    });
    raw.socket.destroy();
    while (server.fsEvents.length < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await events(), ["pre-upload /f SCP", "upload /f SCP"]);
  });
});

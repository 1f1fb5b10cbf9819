import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";

import ssh2 from "ssh2";
import type { Client, SFTPWrapper } from "ssh2";

import { type ClientOptions, scp, sftp, ssh } from "./fixtures/openssh.ts";
import { enabledCommands } from "../src/ssh/ssh-command.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(overrides: Overrides = {}, user: Record<string, unknown> = {}): Promise<void> {
  server = await startSshTestServer(overrides);
  await server.users.add({ username: "full", status: 1, permissions: { "/": ["*"] }, password: "secret", ...user });
}

function client(input = "", options: readonly string[] = []): ClientOptions {
  return {
    port: server.port,
    folder: server.folder,
    username: "full",
    credentials: { password: "secret" },
    options,
    input,
  };
}

describe("a session", () => {
  test("stores, lists and fetches a file larger than every window", async () => {
    await start();
    const content = randomBytes(9 * 1024 * 1024 + 17);
    const local = join(server.folder, "local");
    const back = join(server.folder, "back");
    writeFileSync(local, content);
    const result = await sftp(client(`put ${local} /remote\nls -l /\nget /remote ${back}\n`));
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /9437201 .* \/?remote/);
    assert.ok(readFileSync(join(server.homeOf("full"), "remote")).equals(content));
    assert.ok(readFileSync(back).equals(content));
  });

  for (const cipher of [
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes256-ctr",
  ]) {
    test(`works with ${cipher}`, async () => {
      await start();
      const local = join(server.folder, "local");
      writeFileSync(local, randomBytes(100_000));
      const result = await sftp(client(`put ${local} /remote\n`, [`Ciphers=${cipher}`]));
      assert.equal(result.code, 0, result.stderr);
      assert.ok(readFileSync(join(server.homeOf("full"), "remote")).equals(readFileSync(local)));
    });
  }

  for (const kex of [
    "curve25519-sha256",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
  ]) {
    test(`works with ${kex}`, async () => {
      await start();
      const result = await sftp(client("pwd\n", [`KexAlgorithms=${kex}`]));
      assert.equal(result.code, 0, result.stderr);
    });
  }

  test("survives the client exchanging keys again in the middle of a transfer", async () => {
    await start();
    const local = join(server.folder, "local");
    writeFileSync(local, randomBytes(5 * 1024 * 1024));
    const input = `put ${local} /remote\nget /remote ${local}.back\n`;
    const result = await sftp(client(input, ["RekeyLimit=1M"]));
    assert.equal(result.code, 0, result.stderr);
    assert.ok(readFileSync(`${local}.back`).equals(readFileSync(local)));
  });

  test("serves scp, whose current protocol is SFTP", async () => {
    await start();
    const local = join(server.folder, "local");
    writeFileSync(local, "by scp");
    const result = await scp(client(), local, "full@127.0.0.1:/remote");
    assert.equal(result.code, 0, result.stderr);
    assert.equal(readFileSync(join(server.homeOf("full"), "remote"), "utf8"), "by scp");
  });

  test("tells the old scp what to do instead, where that is not enabled", async () => {
    await start({ commands: enabledCommands(["pwd"]) });
    const local = join(server.folder, "local");
    writeFileSync(local, "by scp");
    const result = await scp(client("", []), "-O", local, "full@127.0.0.1:/remote");
    assert.notEqual(result.code, 0);
    assert.match(result.stderr, /use scp without -O/);
    assert.equal(existsSync(join(server.homeOf("full"), "remote")), false);
  });

  test("refuses a command with a message and exit status 1", async () => {
    await start();
    const result = await ssh(client(), "cat", "/etc/passwd");
    assert.equal(result.code, 1);
    assert.equal(result.stdout, "");
    assert.match(result.stderr, /This server speaks SFTP only\. This command is not available\./);
  });

  test("refuses a shell, also with a terminal", async () => {
    await start();
    for (const options of [[], ["RequestTTY=force"]]) {
      const result = await ssh(client("exit\n", options));
      assert.equal(result.code, 1);
      assert.match(result.stderr + result.stdout, /This server speaks SFTP only\./);
    }
  });

  test("shows the banner before the login", async () => {
    await start({ banner: "Only for friends.\r\n" });
    const result = await sftp(client("pwd\n", ["LogLevel=INFO"]));
    assert.match(result.stderr, /Only for friends\./);
  });

  test("has the hex SSH session id and the channel's number in its id", async () => {
    await start();
    const connection = await connect();
    for (const name of ["a", "b"]) {
      await new Promise<void>((resolve, reject) => {
        connection.sftp((error, channel) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          channel.writeFile(`/${name}`, name, (failure) => {
            channel.end();
            if (failure === undefined || failure === null) {
              resolve();
            } else {
              reject(failure);
            }
          });
        });
      });
    }
    await ended(connection);
    await server.server.close();
    const ids = server.fsEvents.filter((event) => event.startsWith("upload")).map((event) => event.split(" ")[2] ?? "");
    assert.match(ids[0] ?? "", /^SFTP_[0-9a-f]{64}_1$/);
    assert.equal(ids[1], ids[0]?.replace(/_1$/, "_2"));
  });
});

describe("max_sessions", () => {
  test("refuses one more session and allows it when one has ended", async () => {
    await start({}, { max_sessions: 1 });
    const first = await connect();
    const refused = await sftp(client("pwd\n"));
    assert.match(refused.stderr, /Permission denied/);
    await ended(first);
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const allowed = await sftp(client("pwd\n"));
    assert.equal(allowed.code, 0, allowed.stderr);
  });
});

describe("a connection without traffic", () => {
  test("is closed after the idle time", async () => {
    await start({ idleTimeoutMs: 200 });
    const connection = await connect();
    await new Promise<void>((resolve) => {
      connection.once("close", () => resolve());
    });
  });

  test("is closed when the client does not answer keep-alives", async () => {
    await start({ keepaliveIntervalMs: 30 });
    const connection = await connect();
    // A client that hears nothing: its socket is not read any more.
    const socket = (connection as unknown as { readonly _sock: Socket })._sock;
    socket.pause();
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.destroy();
  });
});

describe("stopping", () => {
  test("ends sessions, and puts the files of cut uploads away before it is done", async () => {
    await start();
    const connection = await connect();
    const channel = await new Promise<SFTPWrapper>((resolve, reject) => {
      connection.sftp((error, wrapper) => (error === undefined ? resolve(wrapper) : reject(error)));
    });
    const handle = await new Promise<Buffer>((resolve, reject) => {
      channel.open("/cut", "w", (error, opened) => (error === undefined ? resolve(opened) : reject(error)));
    });
    await new Promise<void>((resolve, reject) => {
      channel.write(handle, Buffer.from("half"), 0, 4, 0, (error) => (error ? reject(error) : resolve()));
    });
    assert.deepEqual(
      server.fsEvents.map((event) => event.split(" ")[0]),
      ["pre-upload"],
    );
    await server.server.close();
    assert.ok(server.fsEvents.some((event) => event.startsWith("upload /cut")));
    assert.equal(server.server.connectionCount, 0);
  });

  test("with grace lets a client finish what it is doing", async () => {
    await start();
    const connection = await connect();
    const closing = server.server.close({ graceMs: 60_000 });
    await new Promise<void>((resolve, reject) => {
      connection.sftp((error, channel) => {
        if (error !== undefined) {
          reject(error);
          return;
        }
        channel.writeFile("/late", "late", (failure) => (failure ? reject(failure) : resolve()));
      });
    });
    await ended(connection);
    await closing;
    assert.equal(readFileSync(join(server.homeOf("full"), "late"), "utf8"), "late");
  });

  test("accepts nobody any more, also during the grace", async () => {
    await start();
    const connection = await connect();
    const impatience = new AbortController();
    const closing = server.server.close({ graceMs: 60_000, signal: impatience.signal });
    const late = await sftp(client("pwd\n"));
    assert.notEqual(late.code, 0);
    impatience.abort();
    await closing;
    await ended(connection);
  });
});

describe("a server under the hands of impatient clients", () => {
  test("survives clients killed in the middle of their transfers", async () => {
    await start();
    const local = join(server.folder, "big");
    writeFileSync(local, Buffer.alloc(64 * 1024 * 1024));
    for (let round = 0; round < 3; round += 1) {
      const connection = await connect();
      const uploading = new Promise<void>((resolve) => {
        connection.sftp((_error, channel) => {
          channel.fastPut(local, `/big${round}`, { step: () => resolve() }, () => undefined);
        });
      });
      await uploading;
      (connection as unknown as { readonly _sock: Socket })._sock.destroy();
    }
    const result = await sftp(client("pwd\n"));
    assert.equal(result.code, 0, result.stderr);
  });
});

async function connect(): Promise<Client> {
  const connection = new ssh2.Client();
  return await new Promise((resolve, reject) => {
    connection.on("ready", () => resolve(connection));
    connection.on("error", reject);
    connection.connect({ host: "127.0.0.1", port: server.port, username: "full", password: "secret" });
  });
}

async function ended(connection: Client): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    connection.once("close", () => resolve());
  });
  connection.end();
  // A connection that is closed already does not say so again.
  const socket = (connection as unknown as { readonly _sock?: Socket })._sock;
  if (socket?.closed !== true) {
    await closed;
  }
}

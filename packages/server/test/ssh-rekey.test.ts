import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";

import type { ClientChannel } from "ssh2";

import type { OpenFileSystem } from "../src/ssh/session-channels.ts";
import { sftp } from "./fixtures/openssh.ts";
import { openRawSsh, type RawSshClient, text, uint32 } from "./fixtures/raw-ssh-client.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

const LOGIN = { username: "full", password: "secret" };
/** What one READ asks for. */
const READ_BYTES = 255 * 1024;

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(overrides: Overrides = {}): Promise<void> {
  server = await startSshTestServer(overrides);
  await server.users.add({ ...LOGIN, status: 1, permissions: { "/": ["*"] } });
  mkdirSync(server.homeOf("full"), { recursive: true });
}

describe("a new exchange of keys", () => {
  test("in the middle of transfers, again and again, loses nothing", async () => {
    await start();
    const content = randomBytes(4 * 1024 * 1024);
    writeFileSync(join(server.homeOf("full"), "big"), content);
    const [there, back] = [join(server.folder, "there"), join(server.folder, "back")];
    const result = await sftp({
      port: server.port,
      folder: server.folder,
      username: "full",
      credentials: { password: "secret" },
      options: ["RekeyLimit=256K"],
      input: `get big ${there}\nput ${there} again\nget again ${back}\n`,
    });
    assert.equal(result.code, 0, result.stderr);
    assert.equal(sha256(readFileSync(back)), sha256(content));
  });

  test("that a client begins and does not finish ends the connection", async () => {
    await start({ rekeyTimeoutMs: 100 });
    await using client = await openRawSsh({ port: server.port, login: LOGIN });
    client.rekey();
    client.socket.pause();
    client.socket.on("error", () => undefined);
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test("that a client does not finish keeps what it asked for on the disk", async () => {
    let bytesRead = 0;
    await start({ openFileSystem: async () => await openEndlessFile((bytes) => (bytesRead += bytes)) });
    await using client = await openRawSsh({ port: server.port, login: LOGIN });
    const { channel, handle } = await openFile(client);
    client.widenWindow(channel, 0x7f00_0000);
    const asked = 1000;
    channel.write(Buffer.concat(Array.from({ length: asked }, (_, id) => readRequest(id, handle))));
    client.rekey();
    client.socket.pause();
    // What is asked for is read until the replies no longer find a way out.
    for (let last = 0; last === 0 || last !== bytesRead;) {
      last = bytesRead;
      for (let turn = 0; turn < 200; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    assert.ok(bytesRead < (asked * READ_BYTES) / 4, `${bytesRead} bytes are waiting`);
  });
});

const packetType = { init: 1, open: 3, read: 5, handle: 102 } as const;

type OpenedFiles = Awaited<ReturnType<OpenFileSystem>>;

/** A file that is read at once and never ends. */
async function openEndlessFile(onRead: (bytes: number) => void): Promise<OpenedFiles> {
  const file = {
    async read(buffer: Uint8Array) {
      onRead(buffer.length);
      return await Promise.resolve(buffer.length);
    },
    async close() {
      await Promise.resolve();
    },
  };
  const fileSystem = {
    homeDirectory: "/",
    open: async () => await Promise.resolve(file),
    [Symbol.asyncDispose]: async () => {
      await Promise.resolve();
    },
  };
  return await Promise.resolve(fileSystem as unknown as OpenedFiles);
}

/** Starts SFTP and opens a file, whose handle is the channel's first. */
async function openFile({
  client,
}: RawSshClient): Promise<{ readonly channel: ClientChannel; readonly handle: Buffer }> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    client.subsys("sftp", (error, stream) => (error === undefined ? resolve(stream) : reject(error)));
  });
  channel.write(packet(packetType.init, uint32(3)));
  channel.write(packet(packetType.open, uint32(1), text("/endless"), uint32(1), uint32(0)));
  const handle = await new Promise<Buffer>((resolve) => {
    let received = Buffer.alloc(0);
    channel.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      const start = received.length < 4 ? 4 : 4 + received.readUInt32BE(0); // after VERSION
      if (received.length > start + 4 && received.length >= start + 4 + received.readUInt32BE(start)) {
        channel.removeAllListeners("data").resume();
        assert.equal(received[start + 4], packetType.handle);
        resolve(received.subarray(start + 13));
      }
    });
  });
  return { channel, handle };
}

function packet(type: number, ...fields: readonly Buffer[]): Buffer {
  return text(Buffer.concat([Buffer.from([type]), ...fields]));
}

function readRequest(id: number, handle: Buffer): Buffer {
  return packet(packetType.read, uint32(id), text(handle), uint32(0), uint32(0), uint32(READ_BYTES));
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";

import ssh2 from "ssh2";
import type { Client, ClientChannel, ParsedKey, SFTPWrapper } from "ssh2";

import { makeKey, publicKeyOf, sftp } from "./fixtures/openssh.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(overrides: Overrides = {}): Promise<void> {
  server = await startSshTestServer(overrides);
  await server.users.add({ username: "full", status: 1, permissions: { "/": ["*"] }, password: "secret" });
}

/** Opens a connection, sends the pieces, and waits until the server has ended it. */
async function talk(pieces: readonly (Buffer | string)[], port = server.port): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  socket.on("error", () => undefined); // a reset is one of the ways to end
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  for (const piece of pieces) {
    socket.write(piece);
  }
  await closed;
  return received;
}

async function assertStillServes(): Promise<void> {
  const result = await sftp({
    port: server.port,
    folder: server.folder,
    username: "full",
    credentials: { password: "secret" },
    input: "pwd\n",
  });
  assert.equal(result.code, 0, result.stderr);
}

describe("a stranger on the port", () => {
  test("sending an HTTP request is disconnected and is event 3", async () => {
    await start();
    const received = await talk(["GET / HTTP/1.1\r\nHost: example.com\r\n\r\n".repeat(700)]);
    assert.match(received, /^SSH-2\.0-Fairlead\r\n/);
    await assertStillServes();
    assert.match(server.logEvents[0] ?? "", /^3 /);
  });

  test("speaking SSH 1 is disconnected and is event 3", async () => {
    await start();
    await talk(["SSH-1.5-old\r\n"]);
    await assertStillServes();
    assert.match(server.logEvents[0] ?? "", /^3 /);
  });

  test("leaving after the version line is event 3 with EOF", async () => {
    await start();
    const socket = connect(server.port, "127.0.0.1");
    socket.end("SSH-2.0-scanner\r\n");
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    await assertStillServes();
    assert.equal(server.logEvents[0], "3  EOF");
  });

  test("announcing a packet of 2 GiB is disconnected", async () => {
    await start();
    await talk(["SSH-2.0-big\r\n", Buffer.from("7fffffff0a14", "hex"), randomBytes(64)]);
    await assertStillServes();
  });

  test("sending nothing is disconnected when the login time is over", async () => {
    await start({ loginGraceMs: 100 });
    const received = await talk([]);
    assert.match(received, /^SSH-2\.0-Fairlead/);
    await server.server.close();
    assert.equal(server.logEvents[0], "3  login took too long");
  });

  test("sending random bytes instead of packets is disconnected, each of fifty times", async () => {
    await start({ loginGraceMs: 2_000 });
    const lengths = Array.from({ length: 50 }, (_, index) => 8 + index * 40);
    await Promise.all(lengths.map(async (length) => await talk(["SSH-2.0-fuzz\r\n", randomBytes(length)])));
    await assertStillServes();
    assert.equal(server.logEvents.filter((event) => event.startsWith("3")).length, 50);
  });

  test("over the limit of connections that have not logged in is turned away, and let in when one leaves", async () => {
    await start({ limits: { total: 0, perHost: 0, unauthenticated: 2, unauthenticatedPerHost: 0 } });
    const waiting = await Promise.all([connected(), connected()]);
    assert.equal(await talk([]), "");
    for (const socket of waiting) {
      socket.destroy();
      await new Promise((resolve) => socket.once("close", resolve));
    }
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await assertStillServes();
  });

  test("over the limit of connections from one address is turned away", async () => {
    await start({ limits: { total: 0, perHost: 1, unauthenticated: 0, unauthenticatedPerHost: 0 } });
    const socket = await connected();
    assert.equal(await talk([]), "");
    socket.destroy();
  });
});

async function connected(): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  // The version line shows that the server has counted the connection.
  await new Promise((resolve) => socket.once("data", resolve));
  return socket;
}

describe("a client that cheats", () => {
  test("offering another's public key and signing with its own is refused", async () => {
    await start();
    const mine = readPrivateKey(makeKey(server.folder, "mine"));
    const theirs = makeKey(server.folder, "theirs");
    await server.users.add({
      username: "victim",
      status: 1,
      permissions: { "/": ["*"] },
      public_keys: [publicKeyOf(theirs)],
    });
    const attempt = login({ username: "victim", agent: new LyingAgent(publicKeyOf(theirs), mine) });
    await assert.rejects(attempt, /authentication methods failed/);
    await server.server.close();
    assert.deepEqual(server.logEvents, [
      "1 victim Authentication error: could not validate public key credentials: invalid signature",
    ]);
  });

  test("signing an RSA key with SHA-1 is refused", async () => {
    await start({});
    const key = makeKey(server.folder, "rsa", "rsa", 2048);
    await server.users.add({
      username: "old",
      status: 1,
      permissions: { "/": ["*"] },
      public_keys: [publicKeyOf(key)],
    });
    const { ssh } = await import("./fixtures/openssh.ts");
    const result = await ssh(
      {
        port: server.port,
        folder: server.folder,
        username: "old",
        credentials: { keyFiles: [key] },
        options: ["PubkeyAcceptedAlgorithms=ssh-rsa"],
      },
      "true",
    );
    assert.equal(result.code, 255);
    assert.match(result.stderr, /Permission denied/);
  });

  test("asking for empty packets is disconnected instead of keeping the server busy", async () => {
    await start();
    const client = await login({ username: "full", password: "secret" });
    const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
    const protocol = internals(client)._protocol;
    protocol.session(0, 2 * 1024 * 1024, 0);
    await ended;
    await assertStillServes();
  });

  test("sending more than the channel window is disconnected", async () => {
    const opening = Promise.withResolvers<never>();
    await start({ openFileSystem: async () => await opening.promise });
    const client = await login({ username: "full", password: "secret" });
    const ended = new Promise<void>((resolve) => client.once("close", () => resolve()));
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.subsys("sftp", (error, stream) => (error === undefined ? resolve(stream) : reject(error)));
    });
    (channel as unknown as { outgoing: { window: number } }).outgoing.window = 1e9;
    for (let sent = 0; sent < 8; sent += 1) {
      // An odd number, so that the window does not end at 0, where ssh2 drops what follows.
      channel.write(Buffer.alloc(1024 * 1024 + 1));
    }
    await ended;
    opening.reject(new Error("the disk is gone"));
  });

  test("opening more channels than allowed is refused the further ones", async () => {
    await start({ maxChannels: 2 });
    const client = await login({ username: "full", password: "secret" });
    const open = async (): Promise<ClientChannel> =>
      await new Promise((resolve, reject) => {
        client.subsys("sftp", (error, stream) => (error === undefined ? resolve(stream) : reject(error)));
      });
    const first = await open();
    await open();
    await assert.rejects(open(), /Channel open failure/);
    first.resume();
    first.close();
    await new Promise((resolve) => first.once("close", resolve));
    await open();
    client.end();
    await new Promise<void>((resolve) => client.once("close", () => resolve()));
  });

  test("opening and closing sessions without using them leaves nothing behind", async () => {
    await start({ maxChannels: 2 });
    const client = await login({ username: "full", password: "secret" });
    const { _protocol: protocol } = internals(client);
    const answered = new Promise<void>((resolve) => {
      let count = 0;
      protocol._handlers.CHANNEL_CLOSE = () => {
        count += 1;
        if (count === 50) {
          resolve();
        }
      };
    });
    for (let number = 1000; number < 1050; number += 1) {
      // The server numbers its own side from 0 and waits for nothing: both messages can be sent at once.
      protocol.session(number, 2 * 1024 * 1024, 32_768);
      protocol.channelClose(number - 1000);
    }
    await answered;
    // Two places are free again, or this would be refused.
    for (let opened = 0; opened < 2; opened += 1) {
      await new Promise<void>((resolve, reject) => {
        client.subsys("sftp", (error) => (error === undefined ? resolve() : reject(error)));
      });
    }
    client.end();
    await new Promise<void>((resolve) => client.once("close", () => resolve()));
  });

  test("opening files on several connections leaves others some", async () => {
    await start({ maxHandles: 8 });
    await server.users.add({ username: "other", status: 1, permissions: { "/": ["*"] }, password: "secret" });
    const greedy = [
      await login({ username: "full", password: "secret" }),
      await login({ username: "full", password: "secret" }),
      await login({ username: "full", password: "secret" }),
    ];
    const opened: number[] = [];
    for (const client of greedy) {
      opened.push(await openFiles(client, 5));
    }
    assert.deepEqual(opened, [2, 2, 0]);
    const honest = await login({ username: "other", password: "secret" });
    assert.equal(await openFiles(honest, 1), 1);
    for (const client of [...greedy, honest]) {
      client.end();
      await new Promise<void>((resolve) => client.once("close", () => resolve()));
    }
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const again = await login({ username: "full", password: "secret" });
    assert.equal(await openFiles(again, 5), 2);
    again.end();
    await new Promise<void>((resolve) => again.once("close", () => resolve()));
  });

  test("forwarding ports is refused", async () => {
    await start();
    const client = await login({ username: "full", password: "secret" });
    await assert.rejects(
      new Promise((resolve, reject) => {
        client.forwardOut("127.0.0.1", 1, "127.0.0.1", server.port, (error, stream) =>
          error === undefined ? resolve(stream) : reject(error),
        );
      }),
      /Channel open failure/,
    );
    client.end();
    await new Promise<void>((resolve) => client.once("close", () => resolve()));
  });
});

/** How many of the files could be opened; the others are answered FAILURE. */
async function openFiles(client: Client, wanted: number): Promise<number> {
  const session = await new Promise<SFTPWrapper>((resolve, reject) => {
    client.sftp((error, wrapper) => (error === undefined ? resolve(wrapper) : reject(error)));
  });
  let opened = 0;
  for (let index = 0; index < wanted; index += 1) {
    const error = await new Promise<(Error & { code?: number }) | undefined>((resolve) => {
      session.open("/file", "w", (failure) => resolve(failure));
    });
    opened += error === undefined ? 1 : 0;
    assert.equal(error?.code ?? FAILURE, FAILURE);
  }
  return opened;
}

/** SSH_FX_FAILURE. */
const FAILURE = 4;

interface ClientInternals {
  readonly _protocol: {
    session(channel: number, windowBytes: number, packetBytes: number): void;
    channelClose(channel: number): void;
    readonly _handlers: { CHANNEL_CLOSE: () => void };
  };
}

function internals(client: Client): ClientInternals {
  return client as unknown as ClientInternals;
}

async function login(how: {
  readonly username: string;
  readonly password?: string;
  readonly agent?: LyingAgent;
}): Promise<Client> {
  const client = new ssh2.Client();
  return await new Promise((resolve, reject) => {
    client.on("ready", () => resolve(client));
    client.on("error", reject);
    client.connect({ host: "127.0.0.1", port: server.port, ...how });
  });
}

function readPrivateKey(file: string): ParsedKey {
  return parseKey(readFileSync(file, "utf8"));
}

function parseKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) {
    throw key;
  }
  return key;
}

/** Shows one key and signs with another. */
class LyingAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #shown: ParsedKey;
  readonly #used: ParsedKey;

  constructor(shown: string, used: ParsedKey) {
    super();
    this.#shown = parseKey(shown);
    this.#used = used;
  }

  override getIdentities(callback: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
    callback(undefined, [this.#shown]);
  }

  override sign(
    _key: ParsedKey,
    data: Buffer,
    _options: unknown,
    callback?: (error?: Error, signature?: Buffer) => void,
  ): void {
    callback?.(undefined, this.#used.sign(data));
  }
}

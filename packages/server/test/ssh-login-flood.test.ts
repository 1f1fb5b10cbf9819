import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { message, openRawSsh, type RawSshClient, text, uint32 } from "./fixtures/raw-ssh-client.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function start(overrides: Overrides = {}): Promise<void> {
  server = await startSshTestServer(overrides);
  await server.users.add({
    username: "full",
    status: 1,
    permissions: { "/": ["*"] },
    password: "secret",
    max_sessions: 1,
  });
}

function askToBeAsked(client: RawSshClient, username = "full"): void {
  client.send(
    message.userauthRequest,
    text(username),
    text("ssh-connection"),
    text("keyboard-interactive"),
    text(""),
    text(""),
  );
}

function answer(client: RawSshClient, password: string): void {
  client.send(message.userauthInfoResponse, uint32(1), text(password));
}

async function assertFullLogsIn(): Promise<void> {
  await using client = await openRawSsh({ port: server.port, login: { username: "full", password: "secret" } });
  client.client.end();
  await client.closed;
}

describe("a client that asks for logins without waiting for answers", () => {
  test("has one password checked, and is thrown out", async () => {
    await start();
    await using client = await openRawSsh({ port: server.port });
    for (let sent = 0; sent < 100; sent += 1) {
      askToBeAsked(client);
      answer(client, `wrong ${sent}`);
    }
    await client.closed;
    await assertFullLogsIn();
    assert.deepEqual(server.logEvents, [IMPATIENT, "5 full"]);
  });

  test("is not logged in by a right password it has overtaken", async () => {
    await start();
    await using client = await openRawSsh({ port: server.port });
    askToBeAsked(client);
    answer(client, "secret");
    askToBeAsked(client);
    await client.closed;
    assert.deepEqual(server.logEvents, [IMPATIENT]);
    await assertFullLogsIn(); // the one session the user may have is free
  });

  test("is not logged in when it asks for another user meanwhile", async () => {
    await start();
    await using client = await openRawSsh({ port: server.port });
    client.socket.pause(); // it does not hang up when the server does
    askToBeAsked(client);
    answer(client, "secret");
    askToBeAsked(client, "other");
    while (server.server.connectionCount > 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(server.logEvents, []);
    await assertFullLogsIn();
  });

  test("uses up its tries with questions it does not answer", async () => {
    await start({ loginPolicy: { ...POLICY, maxTries: 3 } });
    await using client = await openRawSsh({ port: server.port });
    for (let sent = 0; sent < 4; sent += 1) {
      askToBeAsked(client);
    }
    await client.closed;
  });

  test("may abandon a question and answer the next one", async () => {
    await start();
    await using client = await openRawSsh({ port: server.port });
    const granted = new Promise<void>((resolve) => client.client.once("ready", () => resolve()));
    askToBeAsked(client);
    askToBeAsked(client);
    answer(client, "secret");
    await granted;
    assert.deepEqual(server.logEvents, ["5 full"]);
  });
});

describe("a client that never reads", () => {
  test("is thrown out before its login", async () => {
    await start();
    await using client = await openRawSsh({ port: server.port });
    client.socket.pause();
    const asks = (async () => {
      while (!client.socket.destroyed) {
        sendRequests(client, 1000);
        await canSendMore(client);
      }
    })();
    await client.closed;
    await asks;
    await server.server.close();
    assert.deepEqual(server.logEvents, ["3  the client does not read"]);
  });
});

function sendRequests({ send, socket }: RawSshClient, count: number): void {
  const request = [text("x"), Buffer.from([1])];
  socket.cork();
  for (let sent = 0; sent < count; sent += 1) {
    send(message.globalRequest, ...request);
  }
  socket.uncork();
}

async function canSendMore({ socket }: RawSshClient): Promise<void> {
  if (socket.writableNeedDrain) {
    await new Promise<void>((resolve) => {
      socket.once("drain", () => resolve());
      socket.once("close", () => resolve());
    });
  }
}

const IMPATIENT = "1 full another request came while the password was being checked";

const POLICY = {
  maxTries: 6,
  passwordAuthentication: true,
  keyboardInteractive: true,
  publicKeyAlgorithms: ["ssh-ed25519"],
  failureDelayMs: 0,
};

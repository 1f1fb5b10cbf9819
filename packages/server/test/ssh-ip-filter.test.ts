import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";

import type { IpFilter } from "../src/ssh/ask-ip-filter.ts";
import { ssh } from "./fixtures/openssh.ts";
import { type Overrides, type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

/** A filter whose answers are given by hand. */
class FakeFilter implements IpFilter {
  isConfigured = true;
  readonly asked: { ip: string; protocol: string; signal: AbortSignal; answer: (allowed: boolean) => void }[] = [];
  #onAsked: (() => void) | undefined;

  async check(ip: string, protocol: string, { signal }: { readonly signal: AbortSignal }) {
    const { promise, resolve } = Promise.withResolvers<{ allowed: true } | { allowed: false; reason: string }>();
    const answer = (allowed: boolean): void => {
      resolve(allowed ? { allowed } : { allowed, reason: "not from there" });
    };
    this.asked.push({ ip, protocol, signal, answer });
    this.#onAsked?.();
    return await promise;
  }

  async untilAsked(times: number): Promise<void> {
    while (this.asked.length < times) {
      await new Promise<void>((resolve) => (this.#onAsked = resolve));
    }
  }
}

async function start(overrides: Overrides = {}): Promise<FakeFilter> {
  const filter = new FakeFilter();
  server = await startSshTestServer({ ipFilter: filter, ...overrides });
  return filter;
}

async function connectTo(): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

describe("an IP filter", () => {
  test("is asked before the first byte is sent, and lets a client go on that has talked already", async () => {
    const filter = await start();
    const socket = await connectTo();
    socket.write("SSH-2.0-test\r\n");
    await filter.untilAsked(1);
    assert.deepEqual(
      filter.asked.map(({ ip, protocol }) => [ip, protocol]),
      [["127.0.0.1", "SSH"]],
    );
    assert.equal(socket.bytesRead, 0);
    filter.asked[0]?.answer(true);
    const [data] = (await once(socket, "data")) as [Buffer];
    assert.match(data.toString("latin1"), /^SSH-2\.0-Fairlead/);
    socket.destroy();
  });

  test("that refuses closes the connection without a byte and without an event", async () => {
    const filter = await start();
    const socket = await connectTo();
    await filter.untilAsked(1);
    filter.asked[0]?.answer(false);
    await once(socket, "close");
    assert.equal(socket.bytesRead, 0);
    assert.equal(server.server.connectionCount, 0);
    await server.server.close();
    assert.deepEqual(server.logEvents, []);
  });

  test("sees no more clients undecided than may be connected without a login", async () => {
    const filter = await start({ limits: { total: 0, perHost: 0, unauthenticated: 2, unauthenticatedPerHost: 0 } });
    const sockets = [await connectTo(), await connectTo()];
    await filter.untilAsked(2);
    const third = await connectTo();
    await once(third, "close");
    assert.equal(filter.asked.length, 2);
    for (const socket of sockets) socket.destroy();
  });

  test("is told when the client leaves, whose place is free then", async () => {
    const filter = await start();
    const socket = await connectTo();
    await filter.untilAsked(1);
    socket.resetAndDestroy();
    const [question] = filter.asked;
    assert.ok(question);
    if (!question.signal.aborted) await once(question.signal, "abort");
    question.answer(true);
    while (server.server.connectionCount > 0) await new Promise((resolve) => setImmediate(resolve));
    await server.server.close();
    assert.deepEqual(server.logEvents, []);
  });

  test("does not keep the server from stopping", async () => {
    const filter = await start();
    const socket = await connectTo();
    await filter.untilAsked(1);
    const closed = once(socket, "close");
    await server.server.close();
    await closed;
    filter.asked[0]?.answer(true);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.server.connectionCount, 0);
  });

  test("is not asked when there is none", async () => {
    const filter = await start();
    filter.isConfigured = false;
    await server.users.add({ username: "full", status: 1, password: "pw", permissions: { "/": ["*"] } });
    const client = { port: server.port, folder: server.folder, username: "full", credentials: { password: "pw" } };
    assert.equal((await ssh(client, "pwd")).stdout, "/\n");
    assert.deepEqual(filter.asked, []);
  });
});

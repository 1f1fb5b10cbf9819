import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { connectGrpc, createGrpcServer, createStreamPair } from "@fairlead/grpc";
import type { ClientConnection, GrpcServer } from "@fairlead/grpc";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { PluginError } from "../plugin-error.ts";
import type { ConnInfo } from "../protocol/conn-info.ts";
import { startStreamMethod } from "../protocol/services.ts";
import { HostInfoStream } from "./host-info-stream.ts";
import type { InfoListener } from "./info-stream.ts";
import { PluginInfoStream } from "./plugin-info-stream.ts";

const closed = new PluginError("ERR_BROKER_CLOSED", "broker closed");
const info = (serviceId: number): ConnInfo => ({ serviceId, network: "unix", address: `/s${serviceId}` });

/** Keeps what it hears, and can be waited for. */
class Hearer implements InfoListener {
  readonly heard: (number | string)[] = [];
  #wake: () => void = () => {};

  onInfo({ serviceId }: ConnInfo): void {
    this.#add(serviceId);
  }

  onUnavailable(reason: PluginError): void {
    this.#add(reason.code);
  }

  onTakeover(): void {
    this.#add("takeover");
  }

  async waitFor(count: number): Promise<readonly (number | string)[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.heard;
  }

  #add(what: number | string): void {
    this.heard.push(what);
    this.#wake();
  }
}

/** A plugin that hosts can connect to. */
class Plugin implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly infos = new PluginInfoStream(this.clock.schedule);
  readonly hearer = new Hearer();
  readonly server: GrpcServer = createGrpcServer();
  readonly connections: ClientConnection[] = [];

  constructor(options: { readonly serves?: boolean } = {}) {
    this.infos.start(this.hearer);
    if (options.serves === false) return;
    this.server.handleBidi(startStreamMethod, (requests, call) => this.infos.serve(requests, call.signal));
  }

  connect(schedule?: FakeClock["schedule"]): {
    readonly infos: HostInfoStream;
    readonly hearer: Hearer;
    readonly connection: ClientConnection;
  } {
    const [near, far] = createStreamPair();
    this.server.accept(far);
    const connection = connectGrpc(near);
    this.connections.push(connection);
    const infos = new HostInfoStream(connection, schedule);
    const hearer = new Hearer();
    infos.start(hearer);
    return { infos, hearer, connection };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.infos.close(closed);
    for (const connection of this.connections) connection.destroy();
    this.server.destroy();
    await Promise.all(this.connections.map((connection) => connection.closed));
  }
}

/** Requests that never come. */
async function* createRequests(): AsyncGenerator<ConnInfo> {
  await new Promise(() => {});
  yield info(0);
}

describe("the broker's stream", { timeout: 30_000 }, () => {
  it("carries what each side says, in order [broker:accept]", async () => {
    await using plugin = new Plugin();
    const host = plugin.connect();
    for (const id of [1, 2, 3]) await host.infos.send(info(id));
    for (const id of [4, 5, 6]) await plugin.infos.send(info(id));
    assert.deepEqual(await plugin.hearer.waitFor(3), [1, 2, 3]);
    assert.deepEqual(await host.hearer.waitFor(3), [4, 5, 6]);
  });

  it("carries what the plugin said before a host came [broker:accept]", async () => {
    await using plugin = new Plugin();
    const sent = plugin.infos.send(info(1));
    const host = plugin.connect();
    await sent;
    assert.deepEqual(await host.hearer.waitFor(1), [1]);
    assert.equal(plugin.clock.pending, 0);
  });

  it("is given up by a plugin whose host does not open it [broker:unavailable]", async () => {
    await using plugin = new Plugin();
    const sent = plugin.infos.send(info(1));
    plugin.clock.advance(5_000);
    await assert.rejects(sent, { code: "ERR_BROKER_UNAVAILABLE", message: /^the host has not opened or read/ });
  });

  it("is missed by a host whose plugin has no broker [broker:unavailable]", async () => {
    await using plugin = new Plugin({ serves: false });
    const { hearer, infos } = plugin.connect();
    assert.deepEqual(await hearer.waitFor(1), ["ERR_BROKER_UNAVAILABLE"]);
    await assert.rejects(infos.send(info(1)), {
      code: "ERR_BROKER_UNAVAILABLE",
      message: /it has no service plugin.GRPCBroker/,
    });
  });

  it("is missed by a host when the plugin ends it, as Go's do for their second host [broker:unavailable]", async () => {
    await using plugin = new Plugin({ serves: false });
    plugin.server.handleBidi(startStreamMethod, async function* () {});
    const { hearer, infos } = plugin.connect();
    assert.deepEqual(await hearer.waitFor(1), ["ERR_BROKER_UNAVAILABLE"]);
    await assert.rejects(infos.send(info(1)), {
      message: /the plugin has ended its broker's stream \(plugins made with Go/,
    });
  });

  it("belongs to the host that came last; what the former one said is void [broker:takeover]", async () => {
    await using plugin = new Plugin();
    const first = plugin.connect();
    await first.infos.send(info(1));
    await plugin.hearer.waitFor(1);
    const second = plugin.connect();
    await second.infos.send(info(2));
    assert.deepEqual(await plugin.hearer.waitFor(3), [1, "takeover", 2]);
    assert.deepEqual(await first.hearer.waitFor(1), ["ERR_BROKER_UNAVAILABLE"]);
    await plugin.infos.send(info(3));
    assert.deepEqual(await second.hearer.waitFor(1), [3]);
  });

  it("does not hear a former host any more [broker:takeover]", async () => {
    const hearer = new Hearer();
    const infos = new PluginInfoStream(new FakeClock().schedule);
    infos.start(hearer);
    const requests = Promise.withResolvers<ConnInfo>();
    async function* late(): AsyncGenerator<ConnInfo> {
      yield await requests.promise;
    }
    const { signal } = new AbortController();
    const former = infos.serve(late(), signal).next();
    const current = infos.serve(createRequests(), signal);
    const next = current.next();
    assert.equal((await former).done, true);
    requests.resolve(info(1));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(hearer.heard, ["takeover"]);
    infos.close(closed);
    assert.equal((await next).done, true);
  });

  it("can be opened again when its host is gone [broker:takeover]", async () => {
    await using plugin = new Plugin();
    const first = plugin.connect();
    await first.infos.send(info(1));
    await plugin.hearer.waitFor(1);
    first.connection.destroy();
    const second = plugin.connect();
    assert.deepEqual(await plugin.hearer.waitFor(2), [1, "takeover"]);
    await plugin.infos.send(info(2));
    assert.deepEqual(await second.hearer.waitFor(1), [2]);
  });

  it("tells a plugin that its host left before it was told [broker:unavailable]", async () => {
    const infos = new PluginInfoStream(new FakeClock().schedule);
    const answers = infos.serve(createRequests(), new AbortController().signal);
    const next = answers.next();
    const sent = infos.send(info(1));
    assert.equal((await next).done, false);
    await Promise.all([assert.rejects(sent, { code: "ERR_BROKER_UNAVAILABLE" }), answers.return(undefined)]);
  });

  it("says nothing to the host when the connection is lost: that is for the plugin's end [broker:gone]", async () => {
    await using plugin = new Plugin();
    const { infos, hearer, connection } = plugin.connect();
    connection.destroy();
    await connection.closed;
    await assert.rejects(infos.send(info(1)), { code: "ERR_BROKER_CLOSED" });
    assert.deepEqual(hearer.heard, []);
  });

  it("is not waited for for ever by a host whose plugin does not read [broker:bounded]", async () => {
    await using plugin = new Plugin({ serves: false });
    plugin.server.handleBidi(startStreamMethod, async function* (_requests, call) {
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      yield info(0);
    });
    const clock = new FakeClock();
    const { infos } = plugin.connect(clock.schedule);
    const address = "x".repeat(8_000);
    const sent = Array.from({ length: 1_000 }, () => infos.send({ serviceId: 1, network: "unix", address }));
    const outcomes = Promise.allSettled(sent);
    // What flow control lets through is through by now.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5_000);
    const failures = (await outcomes).filter((outcome) => outcome.status === "rejected");
    assert.ok(failures.length > 0);
    assert.ok(failures.every(({ reason }) => PluginError.is(reason, "ERR_BROKER_UNAVAILABLE")));
  });

  it("is over for who says something that is none [broker:bounded]", async () => {
    await using plugin = new Plugin();
    const { infos, hearer } = plugin.connect();
    await infos.send({ serviceId: 1, network: "unix", address: "x".repeat(10_000) });
    assert.deepEqual(await hearer.waitFor(1), ["ERR_BROKER_UNAVAILABLE"]);
    assert.deepEqual(plugin.hearer.heard, []);
  });

  it("fails at its end what waits to be said, and what is said later [broker:close]", async () => {
    const plugin = new Plugin();
    const sent = plugin.infos.send(info(1));
    plugin.infos.close(closed);
    await assert.rejects(sent, closed);
    await assert.rejects(plugin.infos.send(info(1)), closed);
    const host = plugin.connect();
    host.infos.close(closed);
    await assert.rejects(host.infos.send(info(1)), closed);
    assert.deepEqual(host.hearer.heard, []);
    assert.equal(plugin.clock.pending, 0);
    await plugin[Symbol.asyncDispose]();
  });
});

describe("a host's stream that lives long", () => {
  it("keeps nothing of what it has sent [broker:bounded]", async () => {
    const call = {
      send: () => Promise.resolve(),
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
    };
    const connection = { bidi: () => call } as unknown as ClientConnection;
    const infos = new HostInfoStream(connection, () => () => {});
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heapAfter = async (sends: number): Promise<number> => {
      for (let i = 0; i < sends; i++) await infos.send(info(1));
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(1_000);
    const grownBytes = (await heapAfter(50_000)) - before;
    assert.ok(grownBytes < 5_000_000, `${grownBytes} bytes`);
    await infos.send(info(1));
  });
});

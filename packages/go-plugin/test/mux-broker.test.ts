import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { createStreamPair } from "@fairlead/grpc";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { MuxBroker } from "../src/broker/mux-broker.ts";
import { MuxDoor } from "../src/broker/mux-door.ts";
import type { InfoListener, InfoStream } from "../src/broker/info-stream.ts";
import type { ConnInfo, Knock } from "../src/protocol/conn-info.ts";
import { createIdentity } from "../src/tls/certificate.ts";
import { createPeerTls } from "../src/tls/peer-tls.ts";
import type { PeerTls } from "../src/tls/peer-tls.ts";
import { createYamuxSession } from "../src/yamux/yamux-session.ts";
import type { YamuxSession } from "../src/yamux/yamux-session.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { LogCollector } from "./support/log-collector.ts";
import { registerSpeaker, sayMethod } from "./support/relay-kind.ts";

const speak = (registrar: ServiceRegistrar): void => registerSpeaker(registrar, "speaker");
const over = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 7");

/** A broker's own end of the stream of news. What it says is kept, and told to `peer` if there is one. */
class Line implements InfoStream {
  readonly said: ConnInfo[] = [];
  peer: Line | undefined;
  /** Until then the other side reads nothing. */
  stuck: Promise<void> | undefined;
  #listener: InfoListener | undefined;

  start(listener: InfoListener): void {
    this.#listener = listener;
  }

  async send(info: ConnInfo): Promise<void> {
    this.said.push(info);
    // In truth it goes over the same connection as the streams, and after those that were opened before.
    await this.stuck;
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    this.peer?.hear(info);
  }

  close(): void {}

  hear(info: ConnInfo): void {
    this.listener.onInfo(info);
  }

  get listener(): InfoListener {
    assert.ok(this.#listener);
    return this.#listener;
  }

  /** Ids and knocks, as in `7 knock`, `7 ack`, `7 ack no listener for id 7`. */
  get knocks(): string[] {
    return this.said.map(({ serviceId, knock }) =>
      `${serviceId} ${knock?.ack === true ? "ack" : "knock"} ${knock?.error}`.trim(),
    );
  }
}

function infoOf(serviceId: number, knock: Partial<Knock>): ConnInfo {
  return { serviceId, network: "", address: "", knock: { knock: true, ack: false, error: "", ...knock } };
}

/** Both sides, wired up. */
class BothSides implements Disposable {
  readonly clock = new FakeClock();
  readonly logger = new LogCollector();
  readonly lines = { host: new Line(), plugin: new Line() };
  readonly doors: { readonly host: MuxDoor; readonly plugin: MuxDoor };
  readonly host: MuxBroker;
  readonly plugin: MuxBroker;

  constructor(tls: { readonly host?: PeerTls; readonly plugin?: PeerTls } = {}) {
    const { clock, logger, lines } = this;
    const { schedule } = clock;
    this.doors = {
      host: new MuxDoor({ peer: "plugin", createSession: createYamuxSession, logger, schedule }),
      plugin: new MuxDoor({ peer: "host", createSession: createYamuxSession, logger, schedule }),
    };
    const [left, right] = createStreamPair();
    this.doors.host.attach(left);
    this.doors.plugin.attach(right);
    lines.host.peer = lines.plugin;
    lines.plugin.peer = lines.host;
    const { host, plugin } = this.doors;
    this.host = new MuxBroker({ infos: lines.host, door: host, peer: "plugin", tls: tls.host, logger, schedule });
    this.plugin = new MuxBroker({ infos: lines.plugin, door: plugin, peer: "host", tls: tls.plugin, logger, schedule });
  }

  [Symbol.dispose](): void {
    for (const broker of [this.host, this.plugin]) broker.end(over);
    for (const door of [this.doors.host, this.doors.plugin]) door.destroy();
    assert.equal(this.clock.pending, 0, "timers left");
  }
}

/** One side; the other one is played by the test. */
class OneSide implements Disposable {
  readonly clock = new FakeClock();
  readonly logger = new LogCollector();
  readonly line = new Line();
  readonly door: MuxDoor;
  readonly broker: MuxBroker;
  readonly session: YamuxSession;
  /** What this side has opened. */
  readonly streams: Duplex[] = [];

  constructor(peer: "host" | "plugin" = "plugin") {
    const { logger, line: infos } = this;
    const { schedule } = this.clock;
    this.door = new MuxDoor({ peer, createSession: createYamuxSession, logger, schedule });
    const [ours, theirs] = createStreamPair();
    this.door.attach(ours);
    const side = peer === "host" ? "client" : "server";
    this.session = createYamuxSession(theirs, { side, onStream: (stream) => this.streams.push(stream) });
    this.broker = new MuxBroker({ infos, door: this.door, peer, tls: undefined, logger, schedule });
  }

  [Symbol.dispose](): void {
    this.broker.end(over);
    this.door.destroy();
    this.session.destroy();
    assert.equal(this.clock.pending, 0, "timers left");
  }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

function createTls(): { readonly host: PeerTls; readonly plugin: PeerTls } {
  const [host, plugin] = [createIdentity(), createIdentity()];
  return {
    host: createPeerTls(host, plugin.certificateDer, "plugin"),
    plugin: createPeerTls(plugin, host.certificateDer, "host"),
  };
}

describe("a multiplexing broker", { timeout: 30_000 }, () => {
  for (const tls of ["none", "auto"] as const) {
    it(`knocks, hears the answer, and opens a stream, either way, tls ${tls} [mux:knock mux:mtls]`, async () => {
      using sides = new BothSides(tls === "auto" ? createTls() : {});
      const { host, plugin, lines } = sides;
      for (const [dialler, accepter, id] of [
        [host, plugin, 4],
        [plugin, host, 9],
      ] as const) {
        await using _server = await accepter.accept(id, speak);
        await using connection = await dialler.dial(id);
        assert.equal(await connection.unary(sayMethod, "hi"), "speaker: hi");
      }
      assert.deepEqual(lines.host.knocks, ["4 knock", "9 ack"]);
      assert.deepEqual(lines.plugin.knocks, ["4 ack", "9 knock"]);
    });
  }

  for (const tls of ["none", "auto"] as const) {
    it(`leaves no stream behind when either end is closed, tls ${tls} [mux:knock mux:mtls]`, async () => {
      using sides = new BothSides(tls === "auto" ? createTls() : {});
      const server = await sides.plugin.accept(1, speak);
      const [first, second, third] = await Promise.all([sides.host.dial(1), sides.host.dial(1), sides.host.dial(1)]);
      for (const connection of [first, second, third]) await connection.unary(sayMethod, "x");
      await first.close();
      second.destroy();
      await until(() => sides.doors.host.streamCount === 1 && sides.doors.plugin.streamCount === 1);
      await server.close();
      await third.closed;
      await untilEmpty(sides);
    });
  }

  it("brings many connections of both directions to their ends, dialled all at once [mux:knock]", async () => {
    using sides = new BothSides();
    const { host, plugin } = sides;
    const ids = Array.from({ length: 30 }, (_, i) => i + 1);
    for (const id of ids) {
      await host.accept(id, (registrar) => registerSpeaker(registrar, `host ${id}`));
      await plugin.accept(id, (registrar) => registerSpeaker(registrar, `plugin ${id}`));
    }
    const answers = await Promise.all(
      ids.flatMap((id) =>
        [host, plugin].map(async (broker) => {
          await using connection = await broker.dial(id);
          return await connection.unary(sayMethod, "x");
        }),
      ),
    );
    assert.deepEqual(
      answers,
      ids.flatMap((id) => [`plugin ${id}: x`, `host ${id}: x`]),
    );
  });

  it("serves any number of dials of one accept [mux:knock]", async () => {
    using sides = new BothSides();
    await using _server = await sides.plugin.accept(1, speak);
    const connections = await Promise.all([sides.host.dial(1), sides.host.dial(1), sides.host.dial(1)]);
    for (const connection of connections) assert.equal(await connection.unary(sayMethod, "x"), "speaker: x");
  });

  it("knocks for one dial after another [mux:knock]", async () => {
    using side = new OneSide();
    const dials = [1, 2].map((id) => side.broker.dial(id));
    await turns();
    assert.deepEqual(side.line.knocks, ["1 knock"]);
    side.line.hear(infoOf(1, { ack: true }));
    await Promise.resolve(dials[0]);
    await until(() => side.line.knocks.length === 2);
    side.line.hear(infoOf(2, { ack: true }));
    await Promise.all(dials);
    await until(() => side.streams.length === 2);
  });

  it("waits 5 seconds for the answer, in Go's words, and lets the next one knock [mux:knock]", async () => {
    using side = new OneSide();
    const dials = [1, 2].map((id) => side.broker.dial(id));
    const failed = assert.rejects(dials[0]!, {
      code: "ERR_BROKER_TIMEOUT",
      message: /^timeout waiting for multiplexing knock handshake on id 1/,
    });
    await turns();
    side.clock.advance(5_000);
    await failed;
    await turns();
    side.line.hear(infoOf(2, { ack: true }));
    await dials[1];
  });

  it("opens the stream that a late answer waits for, and throws it away [mux:knock]", async () => {
    using side = new OneSide();
    const dial = assert.rejects(side.broker.dial(1), { code: "ERR_BROKER_TIMEOUT" });
    await turns();
    side.clock.advance(5_000);
    await dial;
    side.line.hear(infoOf(1, { ack: true }));
    await until(() => side.streams.length === 1);
    await until(() => side.streams[0]!.closed);
    // Once: a second answer is one to nothing.
    side.line.hear(infoOf(1, { ack: true }));
    await turns();
    assert.equal(side.streams.length, 1);
  });

  it("throws the stream away whose caller has given up, before anybody else knocks [mux:knock]", async () => {
    using side = new OneSide();
    const abort = new AbortController();
    const reason = new Error("enough");
    const dial = assert.rejects(side.broker.dial(1, { signal: abort.signal }), reason);
    await turns();
    abort.abort(reason);
    await dial;
    const next = side.broker.dial(2);
    await turns();
    assert.deepEqual(side.line.knocks, ["1 knock"]);
    side.line.hear(infoOf(1, { ack: true }));
    await until(() => side.line.knocks.length === 2);
    side.line.hear(infoOf(2, { ack: true }));
    await next;
    await until(() => side.streams.length === 2);
    await until(() => side.streams[0]!.closed);
    assert.equal(side.streams[1]!.destroyed, false);
  });

  it("does not knock for a caller that gave up before its turn [mux:knock]", async () => {
    using side = new OneSide();
    await assert.rejects(side.broker.dial(1, { signal: AbortSignal.abort() }));
    await turns();
    assert.deepEqual(side.line.knocks, []);
  });

  it("says why the other side refused, in Go's words [mux:knock]", async () => {
    using side = new OneSide();
    for (const [answer, message] of [
      [{ ack: true, error: "no listener for id 3" }, /^failed to knock for id 3: no listener for id 3/],
      [{ ack: true, knock: false }, /^handshake failed for multiplexing on id 3; expected knock and ack/],
    ] as const) {
      const dial = assert.rejects(side.broker.dial(3), { code: "ERR_BROKER_REFUSED", message });
      await turns();
      side.line.hear(infoOf(3, answer));
      await dial;
    }
    await turns();
    assert.equal(side.streams.length, 0);
  });

  it("pays no heed to answers for others, nor to addresses [mux:knock]", async () => {
    using side = new OneSide();
    const dial = side.broker.dial(3);
    await turns();
    side.line.hear(infoOf(4, { ack: true }));
    side.line.hear({ serviceId: 3, network: "unix", address: "/elsewhere" });
    await turns();
    assert.equal(side.streams.length, 0);
    side.line.hear(infoOf(3, { ack: true }));
    await dial;
  });

  it("answers a knock that came before its accept [mux:knock]", async () => {
    using sides = new BothSides();
    const dial = sides.host.dial(5);
    await until(() => sides.lines.host.knocks.length === 1);
    sides.clock.advance(4_000);
    await using _server = await sides.plugin.accept(5, speak);
    assert.equal(await (await dial).unary(sayMethod, "x"), "speaker: x");
  });

  it("refuses a knock that nobody accepts, and lives on [mux:knock]", async () => {
    using sides = new BothSides();
    const dial = assert.rejects(sides.host.dial(5), {
      code: "ERR_BROKER_REFUSED",
      message: /^failed to knock for id 5: no listener for id 5/,
    });
    await until(() => sides.lines.host.knocks.length === 1);
    await turns();
    sides.clock.advance(4_500);
    await dial;
    await using _server = await sides.plugin.accept(5, speak);
    assert.equal(await (await sides.host.dial(5)).unary(sayMethod, "x"), "speaker: x");
  });

  it("refuses knocks for what is closed [mux:knock]", async () => {
    using sides = new BothSides();
    const server = await sides.plugin.accept(5, speak);
    const connection = await sides.host.dial(5);
    await server.close();
    await connection.closed;
    const dial = assert.rejects(sides.host.dial(5), { code: "ERR_BROKER_REFUSED" });
    await until(() => sides.lines.host.knocks.length === 2);
    await turns();
    sides.clock.advance(4_500);
    await dial;
  });

  it("keeps no more than 1024 knocks that nobody accepts [mux:knock]", () => {
    using side = new OneSide();
    for (let id = 1; id <= 2_000; id++) side.line.hear(infoOf(id, {}));
    assert.equal(side.clock.pending, 1_024);
    assert.equal(side.line.knocks.length, 2_000 - 1_024);
  });

  it("has no more than 1024 answers on their way to who knocks and does not listen [mux:knock broker:bounded]", async () => {
    using side = new OneSide();
    const { promise: stuck, resolve: readOn } = Promise.withResolvers<void>();
    side.line.stuck = stuck;
    await side.broker.accept(5, speak);
    for (let knocks = 0; knocks < 5_000; knocks++) side.line.hear(infoOf(5, {}));
    assert.equal(side.line.knocks.length, 1_024);
    readOn();
    await turns();
    side.line.hear(infoOf(5, {}));
    assert.equal(side.line.knocks.length, 1_025);
  });

  it("does not say of each stream of thousands that it was refused [mux:knock]", async () => {
    using side = new OneSide();
    for (let streams = 1; streams <= 200; streams++) {
      const stream = side.session.openStream();
      await until(() => stream.closed);
    }
    const said = side.logger.events.filter(({ message }) => message.startsWith("stream refused"));
    assert.deepEqual(
      said.map(({ fields }) => fields["refused"]),
      [1, 2, 4, 8, 16, 32, 64, 128],
    );
  });

  it("refuses a host's stream without a knock where nobody takes such streams [mux:knock]", async () => {
    using side = new OneSide();
    const stream = side.session.openStream();
    await until(() => stream.closed);
    assert.ok(side.logger.find("stream refused: the plugin has not knocked"));
  });

  it("gives the stream after a knock to whom it is for, others to whom takes them [mux:knock]", async () => {
    using side = new OneSide("host");
    const others: Duplex[] = [];
    side.door.takeOthers((stream) => others.push(stream));
    await side.broker.accept(1, speak);
    side.session.openStream();
    await until(() => others.length === 1);
    side.line.hear(infoOf(1, {}));
    side.session.openStream();
    side.session.openStream();
    await until(() => others.length === 2);
  });

  it("gives up a stream that does not follow its knock [mux:knock]", async () => {
    using side = new OneSide("host");
    const others: Duplex[] = [];
    side.door.takeOthers((stream) => others.push(stream));
    await side.broker.accept(1, speak);
    side.line.hear(infoOf(1, {}));
    side.clock.advance(5_000);
    side.session.openStream();
    await until(() => others.length === 1);
  });

  it("refuses who shows another certificate inside the stream, and holds nothing of it [mux:mtls]", async () => {
    const [mine, other] = [createTls(), createTls()];
    using sides = new BothSides({ host: mine.host, plugin: other.plugin });
    await sides.plugin.accept(1, speak);
    await assert.rejects(sides.host.dial(1), {
      code: "ERR_TLS_IDENTITY",
      message: /^AutoMTLS handshake with the plugin on the stream for id 1 failed/,
    });
    await untilEmpty(sides);
  });

  it("gives up on a peer that does not go on with TLS [mux:mtls]", async () => {
    const tls = createTls();
    using sides = new BothSides({ host: tls.host });
    // Takes the stream, and says nothing.
    sides.lines.host.peer = undefined;
    sides.doors.plugin.takeOthers(() => {});
    const dial = assert.rejects(sides.host.dial(1), {
      code: "ERR_BROKER_TIMEOUT",
      message: /did not take the connection within 5000 ms/,
    });
    await until(() => sides.lines.host.knocks.length === 1);
    sides.lines.host.hear(infoOf(1, { ack: true }));
    await turns();
    sides.clock.advance(5_000);
    await dial;
    await untilEmpty(sides);
  });

  it("ends what is dialled and accepted with its reason [mux:host mux:plugin]", async () => {
    using sides = new BothSides();
    await sides.plugin.accept(1, speak);
    const connection = await sides.host.dial(1);
    const waiting = assert.rejects(sides.host.dial(2), { code: "ERR_PLUGIN_GONE" });
    await turns();
    sides.host.end(over);
    await Promise.all([waiting, connection.closed]);
    await assert.rejects(sides.host.dial(1), { code: "ERR_PLUGIN_GONE" });
    await assert.rejects(sides.host.accept(3, speak), { code: "ERR_PLUGIN_GONE" });
  });

  it("fails dials when the connection is gone [mux:host]", async () => {
    using side = new OneSide();
    side.session.destroy();
    await side.door.closed;
    const dial = assert.rejects(side.broker.dial(1), { code: "ERR_BROKER_CLOSED" });
    await turns();
    side.line.hear(infoOf(1, { ack: true }));
    await dial;
  });
});

/** Waits until no stream is left open on either side. */
async function untilEmpty({ doors }: BothSides): Promise<void> {
  await until(() => doors.host.streamCount + doors.plugin.streamCount === 0);
}

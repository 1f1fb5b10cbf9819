import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { BrokeredServer } from "@fairlead/go-plugin";
import { createStreamPair, GrpcError } from "@fairlead/grpc";
import type { ClientConnection } from "@fairlead/grpc";
import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import type { InfoListener, InfoStream } from "../src/broker/info-stream.ts";
import { MuxBroker } from "../src/broker/mux-broker.ts";
import { MuxDoor } from "../src/broker/mux-door.ts";
import type { ConnInfo } from "../src/protocol/conn-info.ts";
import { createYamuxSession } from "../src/yamux/yamux-session.ts";
import type { YamuxSession } from "../src/yamux/yamux-session.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { LogCollector } from "./support/log-collector.ts";
import { createRandom } from "./support/random.ts";
import { registerSpeaker, sayMethod } from "./support/relay-kind.ts";

type Random = (below: number) => number;

const over = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 7");

function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!;
}

/** Passes news on, or loses it. */
class Line implements InfoStream {
  peer: Line | undefined;
  listener: InfoListener | undefined;

  start(listener: InfoListener): void {
    this.listener = listener;
  }

  async send(info: ConnInfo): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    this.peer?.listener?.onInfo(info);
  }

  close(): void {}
}

/** Until what is being sent is sent, and lets go of its timer. */
async function letGo(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}

/** A side of ours, and what a hostile one can do to it. */
class Victim {
  readonly clock = new FakeClock();
  readonly #random: Random;
  readonly #door: MuxDoor;
  readonly #line = new Line();
  readonly #broker: MuxBroker;
  readonly #session: YamuxSession;
  readonly #calls: Promise<unknown>[] = [];
  readonly #streams: Duplex[] = [];
  readonly #servers: BrokeredServer[] = [];

  constructor(random: Random) {
    this.#random = random;
    const peer = pick(random, ["host", "plugin"] as const);
    const logger = new LogCollector();
    const { schedule } = this.clock;
    this.#door = new MuxDoor({ peer, createSession: createYamuxSession, logger, schedule });
    const [ours, theirs] = createStreamPair();
    this.#door.attach(ours);
    const onStream = (stream: Duplex): void => void this.#streams.push(stream);
    this.#session = createYamuxSession(theirs, { side: peer === "host" ? "client" : "server", onStream });
    const infos = this.#line;
    this.#broker = new MuxBroker({ infos, door: this.#door, peer, tls: undefined, logger, schedule });
  }

  async step(): Promise<void> {
    const random = this.#random;
    const id = random(4);
    switch (random(9)) {
      case 0:
      case 1:
      case 2:
        this.#line.listener?.onInfo(this.#randomInfo(id));
        break;
      case 3:
        this.#call(
          this.#broker.accept(id, (registrar) => registerSpeaker(registrar, "x")).then((it) => this.#servers.push(it)),
        );
        break;
      case 4:
        this.#call(this.#broker.dial(id));
        break;
      case 5:
        this.#open();
        break;
      case 6:
        this.clock.advance(random(6_000));
        break;
      case 7:
        this.#streams[random(this.#streams.length + 1)]?.destroy();
        break;
      default:
        this.#call(this.#servers.pop()?.close() ?? Promise.resolve());
    }
    if (random(2) === 0) await new Promise(setImmediate);
  }

  async end(): Promise<void> {
    this.#broker.end(over);
    this.#door.destroy();
    this.#session.destroy();
    await Promise.all([this.#door.closed, this.#session.closed, ...this.#calls]);
    await letGo();
    assert.deepEqual([this.clock.pending, this.#door.streamCount], [0, 0]);
  }

  #randomInfo(serviceId: number): ConnInfo {
    const random = this.#random;
    const [network, address] = pick(random, [
      ["", ""],
      ["unix", "/nowhere"],
    ] as const);
    if (random(8) === 0) return { serviceId, network, address };
    const knock = { knock: random(5) > 0, ack: random(2) === 0, error: pick(random, ["", "", "no\u0000"]) };
    return { serviceId, network, address, knock };
  }

  #open(): void {
    try {
      const stream = this.#session.openStream();
      stream.on("data", () => {});
      if (this.#random(2) === 0) stream.write("PRI * HTTP/2.0");
    } catch {
      // Its session has ended already, or it has opened too many.
    }
  }

  /** May fail, with an error of ours. */
  #call(call: Promise<unknown>): void {
    this.#calls.push(
      call.catch((error: unknown) => assert.ok(PluginError.is(error) || GrpcError.is(error), String(error))),
    );
  }
}

describe("a multiplexing broker, fuzzed", () => {
  it(
    "stands any knocks, answers and streams, and holds nothing afterwards [mux:knock]",
    { timeout: 600_000 },
    async () => {
      await fuzz(150, async (seed) => {
        const random = createRandom(seed);
        const victim = new Victim(random);
        for (let step = random(80); step >= 0; step--) await victim.step();
        await victim.end();
      });
    },
  );

  it("never gives a stream to whom it is not for, whoever gives up [mux:knock]", { timeout: 600_000 }, async () => {
    await fuzz(30, async (seed) => {
      const random = createRandom(seed);
      const clock = new FakeClock();
      const logger = new LogCollector();
      const { schedule } = clock;
      const lines = [new Line(), new Line()] as const;
      [lines[0].peer, lines[1].peer] = [lines[1], lines[0]];
      const doors = (["plugin", "host"] as const).map(
        (peer) => new MuxDoor({ peer, createSession: createYamuxSession, logger, schedule }),
      );
      createStreamPair().forEach((end, i) => doors[i]!.attach(end));
      const brokers = doors.map((door, i) => {
        const peer = i === 0 ? "plugin" : "host";
        return new MuxBroker({ infos: lines[i]!, door, peer, tls: undefined, logger, schedule });
      });
      const use = async (from: number, id: number): Promise<void> => {
        const signal = random(3) === 0 ? AbortSignal.timeout(random(10)) : new AbortController().signal;
        let connection: ClientConnection;
        try {
          connection = await brokers[from]!.dial(id, { signal });
        } catch {
          return;
        }
        assert.equal(await connection.unary(sayMethod, "x"), `${1 - from} ${id}: x`);
        await connection.close();
      };
      const ids = [1, 2, 3, 4, 5, 6];
      for (const id of ids) {
        for (const side of [0, 1]) await brokers[side]!.accept(id, (it) => registerSpeaker(it, `${side} ${id}`));
      }
      // Ids above are accepted by nobody.
      const uses = Array.from({ length: 40 }, () => use(random(2), 1 + random(8)));
      const done = Promise.all(uses).then(() => true);
      while (!(await Promise.race([done, new Promise((resolve) => setImmediate(resolve, false))]))) {
        if (random(50) === 0) clock.advance(random(3_000));
      }
      for (const broker of brokers) broker.end(over);
      for (const door of doors) door.destroy();
      await letGo();
      assert.equal(clock.pending, 0);
    });
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import { OneShotSlots } from "../src/broker/one-shot-slots.ts";
import { detectFormat } from "../src/host/diagnosis.ts";
import { LineSplitter } from "../src/host/line-splitter.ts";
import { PluginLogParser } from "../src/host/plugin-log.ts";
import { connInfoCodec } from "../src/protocol/conn-info.ts";
import { formatHandshakeLine, parseHandshakeLine } from "../src/protocol/handshake-line.ts";
import { stdioDataCodec } from "../src/protocol/services.ts";
import { FakeClock } from "./support/fake-clock.ts";

const ROUNDS = 3_000;

/** The same sequence for the same seed (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const PIECES = [
  ...Array.from('|{}[]":,\\ \t\r\0-+.@%x19'),
  "1|1|unix|/s|grpc|",
  "tcp",
  "127.0.0.1:80",
  "A".repeat(60),
  "=",
  '{"@level":"info","@message":"m"}',
  '"@level"',
  '"__proto__":{"a":1}',
  "[ERROR]",
  "panic: ",
  "é",
  "\u{1f600}",
  "9".repeat(30),
];

function randomText(random: (below: number) => number): string {
  return Array.from({ length: random(12) }, () => PIECES[random(PIECES.length)]).join("");
}

function mutate(bytes: Uint8Array, random: (below: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = random(4); i >= 0 && copy.length > 0; i--) copy[random(copy.length)] = random(256);
  return copy.subarray(0, random(4) === 0 ? random(copy.length + 1) : copy.length);
}

/** Values of an id end with it, in base 4. */
async function collect(dial: Promise<number>, id: number, taken: number[]): Promise<void> {
  try {
    const value = await dial;
    assert.equal(value % 4, id);
    taken.push(value);
  } catch (error) {
    assert.ok(PluginError.is(error), String(error));
  }
}

describe("hostile input", () => {
  it("makes the handshake parser answer or throw PluginError, never anything else", async () => {
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      const line = randomText(random);
      try {
        const { address, certificate } = parseHandshakeLine(line, [0, 1]);
        assert.ok(address.network === "unix" ? address.path !== "" : address.port > 0, line);
        assert.ok(certificate === undefined || certificate.length > 0);
      } catch (error) {
        assert.ok(PluginError.is(error), `${JSON.stringify(line)}: ${String(error)}`);
        assert.doesNotMatch(error.message.replaceAll("\n", ""), /\p{Cc}/u, line);
      }
    });
  });

  it("does not change what a handshake line says on its way", async () => {
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      const handshake = {
        appVersion: random(1_000),
        address: { network: "tcp", host: "127.0.0.1", port: 1 + random(65_535) } as const,
        certificate: Buffer.from(Array.from({ length: 39 + random(900) }, () => random(256))),
      };
      assert.deepEqual(parseHandshakeLine(formatHandshakeLine(handshake), [handshake.appVersion]), handshake);
    });
  });

  it("makes the log parser give one sound entry for each line", async () => {
    const parser = new PluginLogParser();
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      const { level, message, fields } = parser.parse({ text: randomText(random), whole: random(8) > 0 });
      assert.ok(["trace", "debug", "info", "warn", "error"].includes(level));
      assert.equal(typeof message, "string");
      assert.equal(Object.getPrototypeOf(fields), Object.prototype);
      JSON.stringify(fields);
    });
    assert.equal(({} as Record<string, unknown>)["a"], undefined);
  });

  it("loses and invents nothing when lines are cut from chunks of any size", async () => {
    await fuzz(300, (seed) => {
      const random = createRandom(seed);
      const lines = Array.from({ length: random(20) }, () => "abc".repeat(random(12)));
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      const splitter = new LineSplitter(1 + random(20));
      const pieces = [];
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random(30);
        splitter.feed(bytes.subarray(at, at + size));
        for (let piece = splitter.next(); piece !== undefined; piece = splitter.next()) pieces.push(piece);
        at += size;
      }
      pieces.push(...splitter.finish());
      assert.equal(pieces.map(({ text }) => text).join(""), lines.join(""));
    });
  });

  it("makes the wire codec answer or throw RangeError", async () => {
    const sample = stdioDataCodec.encode({ channel: "stderr", data: Buffer.alloc(200, 1) });
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      const bytes = mutate(sample, random);
      try {
        assert.ok(stdioDataCodec.decode(bytes).data.length <= bytes.length);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    });
  });

  it("makes the codec of the broker's stream answer or throw RangeError, and lose nothing", async () => {
    const knock = { knock: true, ack: true, error: "no listener" };
    const sample = connInfoCodec.encode({ serviceId: 300, network: "unix", address: "/tmp/plugin1", knock });
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      try {
        const info = connInfoCodec.decode(mutate(sample, random));
        assert.deepEqual(connInfoCodec.decode(connInfoCodec.encode(info)), info);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    });
  });

  it("gives each dial of the broker one accept or none, in whatever order they come", async () => {
    await fuzz(300, async (seed) => {
      const random = createRandom(seed);
      const clock = new FakeClock();
      const slots = new OneShotSlots<number>({ peer: "plugin", schedule: clock.schedule });
      const [taken, dials] = [[] as number[], [] as Promise<void>[]];
      const give = new AbortController();
      for (let step = 0; step < 60; step++) {
        const id = random(4);
        if (random(3) === 0) slots.put(id, step * 4 + id);
        else if (random(6) === 0) clock.advance(random(4_000));
        else {
          const signal = random(2) === 0 ? give.signal : undefined;
          dials.push(collect(slots.take(id, signal), id, taken));
        }
      }
      if (random(2) === 0) give.abort(new PluginError("ERR_START_ABORTED", "given up"));
      slots.end(new PluginError("ERR_BROKER_CLOSED", "broker closed"));
      await Promise.all(dials);
      assert.equal(new Set(taken).size, taken.length);
      assert.equal(clock.pending, 0);
    });
  });

  it("never surprises the diagnosis of files", async () => {
    const samples = ["#!/usr/bin/env node\r\n", "\u007fELF\u0002\u0001", "MZ", "\u00cf\u00fa\u00ed\u00fe"].map((text) =>
      Buffer.concat([Buffer.from(text, "latin1"), Buffer.alloc(80)]),
    );
    await fuzz(ROUNDS, (seed) => {
      const random = createRandom(seed);
      const sample = samples[random(samples.length)] ?? Buffer.alloc(0);
      assert.notEqual(detectFormat(mutate(sample, random)).kind, undefined);
    });
  });
});

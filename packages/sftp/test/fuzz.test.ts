import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fuzz } from "../../../scripts/fuzz-rounds.ts";
import { PacketReader } from "../src/protocol/packet-reader.ts";
import { PacketSplitter } from "../src/protocol/packet-splitter.ts";
import { decodeRequest } from "../src/protocol/requests.ts";
import { SftpError } from "../src/index.ts";
import { createMemoryFileSystem } from "./fixtures/memory-file-system.ts";
import { SeededRandom } from "./fixtures/random.ts";
import { startSession } from "./fixtures/session.ts";
import { INIT, NO_ATTRIBUTES, packet, string, uint32, uint64 } from "./fixtures/wire.ts";

const EXTENSIONS = [
  "posix-rename@openssh.com",
  "statvfs@openssh.com",
  "fstatvfs@openssh.com",
  "hardlink@openssh.com",
  "fsync@openssh.com",
  "lsetstat@openssh.com",
  "limits@openssh.com",
  "expand-path@openssh.com",
  "copy-data",
  "home-directory",
  "users-groups-by-id@openssh.com",
];

const PATHS = ["/", "/a", "/b", "a", "..", "/d", "/d/e", "~", "", "/l"];

/** A request that a client might send; handles are those a fresh session gives out first. */
function makeRequest(random: SeededRandom, id: number): Buffer {
  const path = (): Buffer => string(random.pick(PATHS));
  const handle = (): Buffer => string(uint32(1 + random.below(4)));
  const size = (): Buffer => uint64(random.below(100_000));
  const attributes = (): Buffer => (random.chance(50) ? NO_ATTRIBUTES : Buffer.concat([uint32(1), size()]));
  const request = (type: number, ...fields: readonly Buffer[]): Buffer => packet(type, uint32(id), ...fields);
  switch (random.below(12)) {
    case 0:
    case 1:
      return request(3, path(), uint32(random.below(64)), attributes());
    case 2:
      return request(random.pick([4, 8, 12]), handle());
    case 3:
      return request(5, handle(), size(), uint32(random.below(300_000)));
    case 4:
    case 5:
      return request(6, handle(), size(), string(random.bytes(random.below(200))));
    case 6:
      return request(random.pick([7, 11, 13, 15, 16, 17, 19]), path());
    case 7:
      return request(random.pick([9, 14]), path(), attributes());
    case 8:
      return request(10, handle(), attributes());
    case 9:
      return request(random.pick([18, 20]), path(), path());
    case 10:
      return request(200, string("copy-data"), handle(), size(), size(), handle(), size());
    default:
      return request(200, string(random.pick(EXTENSIONS)), random.pick([path, handle])(), path());
  }
}

/** Breaks bytes in a few places. */
function mutate(random: SeededRandom, bytes: Buffer): Buffer {
  const mutated = Buffer.from(bytes);
  for (let times = random.below(4); times > 0; times -= 1) {
    const at = random.below(mutated.length);
    if (random.chance(50)) mutated[at] = random.below(256);
    else mutated.subarray(at, at + 4).fill(random.pick([0, 0xff]));
  }
  return random.chance(20) ? mutated.subarray(0, random.below(mutated.length)) : mutated;
}

describe("request decoder", () => {
  it("decodes or refuses, whatever the bytes", async () => {
    let decoded = 0;
    const rounds = await fuzz(30_000, (seed) => {
      const random = new SeededRandom(seed);
      const request = makeRequest(random, seed);
      const broken = random.chance(80) ? mutate(random, request.subarray(9)) : random.bytes(random.below(64));
      const type = random.chance(80) ? (request[4] as number) : random.below(256);
      try {
        decodeRequest(type, new PacketReader(broken));
        decoded += 1;
      } catch (error: unknown) {
        assert.ok(SftpError.is(error), String(error));
      }
    });
    // Or else the rounds try one path only.
    assert.ok(rounds < 1000 || decoded > rounds / 30, `${decoded} decoded`);
  });
});

describe("packet splitter", () => {
  it("gives the same packets however the stream is cut", async () => {
    await fuzz(300, (seed) => {
      const random = new SeededRandom(seed);
      const packets = Array.from({ length: random.below(20) }, (_, id) => makeRequest(random, id));
      const splitter = new PacketSplitter(300_000, { take: (bytes) => Buffer.alloc(bytes + 5), give: () => undefined });
      const got: Buffer[] = [];
      for (const piece of random.cut(Buffer.concat(packets))) {
        splitter.push(piece);
        for (let next = splitter.next(); next !== undefined; next = splitter.next()) {
          got.push(Buffer.from(next.buffer.subarray(next.start, next.end)));
        }
      }
      assert.deepEqual(
        got,
        packets.map((bytes) => bytes.subarray(4)),
      );
      assert.equal(splitter.endsWithinPacket, false);
    });
  });

  it("takes garbage or refuses it, and lends no more than one buffer", async () => {
    await fuzz(2000, (seed) => {
      const random = new SeededRandom(seed);
      let lent = 0;
      const splitter = new PacketSplitter(1000, {
        take: (bytes) => {
          lent += 1;
          return Buffer.alloc(bytes);
        },
        give: () => {
          lent -= 1;
        },
      });
      try {
        for (const piece of random.cut(Buffer.concat([uint32(random.below(1200)), random.bytes(200)]))) {
          splitter.push(piece);
          for (let next = splitter.next(); next !== undefined; next = splitter.next()) if (next.lent) lent -= 1;
        }
      } catch (error: unknown) {
        assert.ok(SftpError.is(error, "BAD_MESSAGE"));
      }
      assert.ok(lent <= 1);
      splitter.clear();
      assert.equal(lent, 0);
    });
  });
});

describe("whole session", () => {
  it("comes to its end with every handle closed, whatever the client sends", async () => {
    await fuzz(400, async (seed) => {
      const random = new SeededRandom(seed);
      const fs = createMemoryFileSystem({ maxFileBytes: 2 ** 20 });
      await fs.makeDirectory("/d", {});
      const requests = Array.from({ length: 5 + random.below(50) }, (_, id) => makeRequest(random, id));
      const script = requests.map((bytes) => (random.chance(15) ? mutate(random, bytes) : bytes));
      if (random.chance(10)) script.push(random.bytes(random.below(300)));

      const logged: unknown[] = [];
      const logger = {
        log: (level: string, _message: string, fields: unknown) => level === "error" && logged.push(fields),
      };
      const session = await startSession(fs, { greet: false, maxHandles: 8, maxInFlight: 4, logger });
      const { stream } = session.client;
      for (const piece of random.cut(Buffer.concat([INIT, ...script]))) stream.write(piece);
      if (random.chance(20)) stream.destroy(new Error("cut"));
      else stream.end();
      const { reason } = await session.end;

      assert.ok(["client-closed", "protocol-error", "connection-lost"].includes(reason), reason);
      assert.equal(fs.openHandles, 0, "handles left open");
      assert.deepEqual(logged, [], "a request failed in a way that nobody foresaw");
      stream.destroy();
    });
  });

  it("answers every request of an unbroken stream exactly once", async () => {
    await fuzz(100, async (seed) => {
      const random = new SeededRandom(seed);
      const fs = createMemoryFileSystem({ maxFileBytes: 2 ** 20 });
      const count = 60;
      const script = Array.from({ length: count }, (_, id) => makeRequest(random, 100 + id));
      const session = await startSession(fs, { maxHandles: 8 });
      for (const piece of random.cut(Buffer.concat(script))) session.client.send(piece);
      session.client.stream.end();
      assert.deepEqual(await session.end, { reason: "client-closed" });
      const ids = session.client.replies.map(({ id }) => id).filter((id) => id >= 100);
      assert.deepEqual(
        ids.toSorted((a, b) => a - b),
        Array.from({ length: count }, (_, id) => 100 + id),
      );
      assert.equal(fs.openHandles, 0);
      session.client.stream.destroy();
    });
  });
});

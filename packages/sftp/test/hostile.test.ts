import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryFileSystem } from "./fixtures/memory-file-system.ts";
import { OPEN, startSession, statusOf } from "./fixtures/session.ts";
import type { TestClient } from "./fixtures/session.ts";
import { INIT, NO_ATTRIBUTES, packet, string, uint32, uint64 } from "./fixtures/wire.ts";

const ID = 4711;
const ROOT = string("/");
const U64 = uint64(0);
const NOWHERE = string(Buffer.of(0, 0, 0, 99));

/** Bytes after which no answer is possible: the session ends. */
const FATAL: Readonly<Record<string, Buffer>> = {
  "a packet of length 0": uint32(0),
  "a packet of length 2^31": uint32(2 ** 31),
  "a packet of length 2^32 - 1": uint32(2 ** 32 - 1),
  "a packet one byte over the limit": uint32(257 * 1024 + 1),
  "a packet without an id": packet(17),
  "a packet with half an id": packet(17, Buffer.of(0, 0)),
  "a second INIT": INIT,
  "text of another protocol": Buffer.from("GET / HTTP/1.1\r\n\r\n"),
};

/** Requests that are refused with a status, after which the session goes on. */
const REFUSED: readonly (readonly [what: string, status: string, type: number, ...fields: readonly Buffer[]])[] = [
  ["an empty STAT", "BAD_MESSAGE", 17],
  ["a string without its length", "BAD_MESSAGE", 17, Buffer.of(0, 0, 0)],
  ["a string longer than the packet", "BAD_MESSAGE", 17, uint32(100), Buffer.from("/short")],
  ["a string of 2^32 - 1 bytes", "BAD_MESSAGE", 17, uint32(2 ** 32 - 1), Buffer.from("/")],
  ["a path with NUL", "BAD_MESSAGE", 17, string("/a\0b")],
  ["a path of invalid UTF-8", "BAD_MESSAGE", 17, string(Buffer.of(0x2f, 0xff, 0xfe))],
  ["a path with a lone surrogate", "BAD_MESSAGE", 17, string(Buffer.of(0x2f, 0xed, 0xa0, 0x80))],
  ["a path above 4 KiB", "BAD_MESSAGE", 17, string(`/${"x".repeat(4096)}`)],
  ["an empty path", "NO_SUCH_FILE", 17, string("")],
  ["a path out of the root", "NO_SUCH_FILE", 17, string("/../../etc/passwd")],
  ["an OPEN without flags", "BAD_MESSAGE", 3, ROOT],
  ["an OPEN without attributes", "BAD_MESSAGE", 3, ROOT, uint32(1)],
  ["an OPEN with half its attributes", "BAD_MESSAGE", 3, ROOT, uint32(1), uint32(0xf), uint64(1)],
  ["2^32 - 1 vendor attributes", "BAD_MESSAGE", 3, ROOT, uint32(1), uint32(2 ** 31), uint32(2 ** 32 - 1)],
  ["an unknown handle", "FAILURE", 8, NOWHERE],
  ["an empty handle", "FAILURE", 4, string("")],
  ["a handle of 300 bytes", "FAILURE", 4, string("h".repeat(300))],
  ["READ of an unknown handle", "FAILURE", 5, NOWHERE, uint64(0), uint32(10)],
  ["READ without a length", "BAD_MESSAGE", 5, NOWHERE, uint64(0)],
  ["WRITE to an unknown handle", "FAILURE", 6, NOWHERE, uint64(0), string("x")],
  ["WRITE of more than it holds", "BAD_MESSAGE", 6, NOWHERE, uint64(0), uint32(1000), Buffer.from("x")],
  ["READDIR of an unknown handle", "FAILURE", 12, NOWHERE],
  ["a RENAME of one name", "BAD_MESSAGE", 18, ROOT],
  ["a SYMLINK with a NUL target", "BAD_MESSAGE", 20, string("a\0"), string("/l")],
  ["a type nobody knows", "OP_UNSUPPORTED", 99],
  ["type 0", "OP_UNSUPPORTED", 0],
  ["a reply sent as a request", "OP_UNSUPPORTED", 101, uint32(0), string(""), string("")],
  ["a VERSION sent as a request", "OP_UNSUPPORTED", 2],
  ["an extension without a name", "BAD_MESSAGE", 200],
  ["an extension with an endless name", "BAD_MESSAGE", 200, uint32(2 ** 31)],
  ["an extension of garbage", "OP_UNSUPPORTED", 200, string(Buffer.of(0, 255, 1, 254))],
  ["copy-data without fields", "BAD_MESSAGE", 200, string("copy-data")],
  ["copy-data of unknown handles", "FAILURE", 200, string("copy-data"), NOWHERE, U64, U64, NOWHERE, U64],
  ["fsync of an unknown handle", "FAILURE", 200, string("fsync@openssh.com"), NOWHERE],
  ["ids of three bytes", "BAD_MESSAGE", 200, string("users-groups-by-id@openssh.com"), string("abc"), string("")],
  ["50,000 ids", "FAILURE", 200, string("users-groups-by-id@openssh.com"), string(Buffer.alloc(200_000)), string("")],
];

describe("hostile client", () => {
  for (const [what, bytes] of Object.entries(FATAL)) {
    it(`is dropped after ${what}`, async () => {
      const fs = createMemoryFileSystem();
      const session = await startSession(fs);
      await session.client.open("/a", OPEN.WRITE | OPEN.CREATE);
      session.client.send(bytes);
      assert.equal((await session.end).reason, "protocol-error");
      assert.equal(fs.openHandles, 0);
      session.client.stream.destroy();
    });
  }

  for (const [what, status, type, ...fields] of REFUSED) {
    it(`is refused ${what}`, async () => {
      await using session = await startSession(createMemoryFileSystem());
      session.client.send(packet(type, uint32(ID), ...fields));
      assert.equal(statusOf(await session.client.reply(ID)), status);
      await assertAlive(session.client);
    });
  }

  for (const [what, bytes] of [
    ["a request", packet(17, uint32(1), ROOT)],
    ["an extended request", packet(200, uint32(1), string("limits@openssh.com"))],
    ["an INIT without a version", packet(1)],
    ["an INIT with half a version", packet(1, Buffer.of(0, 0))],
  ] as const) {
    it(`is dropped when it greets with ${what}`, async () => {
      const session = await startSession(createMemoryFileSystem(), { greet: false });
      session.client.send(bytes);
      assert.equal((await session.end).reason, "protocol-error");
      assert.equal(session.client.replies.length, 0);
      session.client.stream.destroy();
    });
  }

  it("cannot use a handle of one kind as the other", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const file = await client.open("/a", OPEN.READ | OPEN.WRITE | OPEN.CREATE);
    const directory = await client.openDirectory("/");
    const statuses = await Promise.all([
      client.request(12, file),
      client.read(directory, 0, 10),
      client.write(directory, 0, "x"),
      client.request(8, directory),
      client.request(10, directory, NO_ATTRIBUTES),
      client.extended("fsync@openssh.com", directory),
      client.extended("fstatvfs@openssh.com", directory),
      client.extended("copy-data", directory, uint64(0), uint64(0), file, uint64(0)),
      client.extended("copy-data", file, uint64(0), uint64(0), directory, uint64(0)),
    ]);
    assert.deepEqual(new Set(statuses.map(statusOf)), new Set(["FAILURE"]));
    await assertAlive(client);
  });

  it("cannot open more handles than allowed, however it tries", async () => {
    const fs = createMemoryFileSystem();
    const session = await startSession(fs);
    const { client } = session;
    await client.open("/a", OPEN.WRITE | OPEN.CREATE);
    const types = await Promise.all(
      Array.from({ length: 1500 }, async (_, index) => {
        const opened =
          index % 2 === 0 ? client.request(11, ROOT) : client.request(3, string("/a"), uint32(1), uint32(0));
        return (await opened).type;
      }),
    );
    assert.equal(types.filter((type) => type === 102).length, 1023);
    assert.equal(fs.openHandles, 1024);
    client.stream.end();
    await session.end;
    assert.equal(fs.openHandles, 0);
  });

  it("sees nothing above the root, whatever its path", async () => {
    const fs = createMemoryFileSystem();
    const asked: string[] = [];
    const stat = fs.stat.bind(fs);
    fs.stat = async (path) => {
      asked.push(path);
      return stat(path);
    };
    await using session = await startSession(fs);
    const paths = ["..", "../..", "/..", "/../a", "a/../../../b", "./.././c", "//..//d", "/a/..", "....", "/.../x"];
    for (const path of paths) await session.client.request(17, string(path));
    assert.deepEqual(asked, ["/", "/", "/", "/a", "/b", "/c", "/d", "/", "/....", "/.../x"]);
  });

  it("that leaves in the middle of a packet ends its session in order", async () => {
    const session = await startSession(createMemoryFileSystem());
    session.client.stream.end(packet(6, uint32(1), NOWHERE, uint64(0), string("never whole")).subarray(0, 20));
    assert.deepEqual(await session.end, { reason: "client-closed" });
  });

  it("gets what follows a refused WRITE of the largest size right", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const refused = client.write(NOWHERE, 0, Buffer.alloc(262_144));
    await assertAlive(client);
    assert.equal(statusOf(await refused), "FAILURE");
  });
});

async function assertAlive(client: TestClient): Promise<void> {
  assert.equal((await client.request(17, ROOT)).type, 105);
}

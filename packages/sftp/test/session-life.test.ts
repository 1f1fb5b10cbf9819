import assert from "node:assert/strict";
import { once } from "node:events";
import { duplexPair, PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, it } from "node:test";
import { serveSftp, SftpError } from "../src/index.ts";
import type { FileHandle } from "../src/index.ts";
import { createMemoryFileSystem } from "./fixtures/memory-file-system.ts";
import type { MemoryFileSystem } from "./fixtures/memory-file-system.ts";
import { messageOf, OPEN, startSession, statusOf, TestClient } from "./fixtures/session.ts";
import { packet, string, uint32, uint64 } from "./fixtures/wire.ts";

const CREATE = OPEN.WRITE | OPEN.CREATE | OPEN.TRUNCATE;

/** A memory file system whose opened files are changed by `wrap`. */
function wrapFiles(wrap: (file: FileHandle) => Partial<FileHandle>): MemoryFileSystem {
  const fs = createMemoryFileSystem();
  const open = fs.open.bind(fs);
  fs.open = async (path, flags, attributes) => {
    const file = await open(path, flags, attributes);
    return Object.assign(file, wrap(file));
  };
  return fs;
}

function mkdir(id: number, path: string): Buffer {
  return packet(14, uint32(id), string(path), uint32(0));
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

describe("end of a session", () => {
  it("closes what the client left open, as aborted", async () => {
    const fs = createMemoryFileSystem();
    const session = await startSession(fs);
    await session.client.open("/a", CREATE);
    await session.client.open("/b", CREATE);
    await session.client.openDirectory("/");
    session.client.stream.end();
    assert.deepEqual(await session.end, { reason: "client-closed" });
    assert.equal(fs.openHandles, 0);
    assert.equal(fs.abortedHandles, 2);
  });

  it("finishes the requests received before the end", async () => {
    const fs = createMemoryFileSystem();
    const session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const replies = [client.write(handle, 0, "12345"), client.close(handle)];
    client.stream.end();
    assert.deepEqual((await Promise.all(replies)).map(statusOf), ["OK", "OK"]);
    await session.end;
    assert.equal((await fs.stat("/a")).sizeBytes, 5n);
    assert.equal(fs.abortedHandles, 0);
  });

  it("gives up what waits when the connection is lost", async () => {
    const started = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const fs = wrapFiles(() => ({
      sync: () => {
        started.resolve();
        return held.promise;
      },
    }));
    const session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const sync = packet(200, uint32(1), string("fsync@openssh.com"), handle);
    client.send(Buffer.concat([sync, packet(6, uint32(2), handle, uint64(0), string("late"))]));
    await started.promise;
    client.stream.destroy(new Error("cut"));
    await turns(3);
    assert.equal(fs.openHandles, 1, "not closed while a request runs");
    held.resolve();
    assert.equal((await session.end).reason, "connection-lost");
    assert.equal(fs.openHandles, 0);
    assert.equal((await fs.stat("/a")).sizeBytes, 0n);
  });

  it("gives up changes of names that wait when the connection is lost", async () => {
    const held = Promise.withResolvers<void>();
    const fs = createMemoryFileSystem();
    const makeDirectory = fs.makeDirectory.bind(fs);
    fs.makeDirectory = async (...args) => {
      await held.promise;
      return makeDirectory(...args);
    };
    const session = await startSession(fs);
    session.client.send(Buffer.concat([mkdir(1, "/begun"), mkdir(2, "/waiting")]));
    await turns(3);
    session.client.stream.destroy(new Error("cut"));
    await turns(3);
    held.resolve();
    await session.end;
    assert.equal((await fs.stat("/begun")).sizeBytes, 0n);
    await assert.rejects(fs.stat("/waiting"), (error) => SftpError.is(error, "NO_SUCH_FILE"));
  });

  it("stops a copy that nobody waits for", async () => {
    const started = Promise.withResolvers<void>();
    const fs = wrapFiles(() => ({
      read: async (buffer) => {
        started.resolve();
        await nextTurn();
        return buffer.length;
      },
      write: async () => undefined,
    }));
    const session = await startSession(fs);
    const { client } = session;
    const from = await client.open("/a", CREATE | OPEN.READ);
    const to = await client.open("/b", CREATE);
    client.send(packet(200, uint32(1), string("copy-data"), from, uint64(0), uint64(0), to, uint64(0)));
    await started.promise;
    client.stream.end();
    assert.deepEqual(await session.end, { reason: "client-closed" });
  });

  it("ends at once when told to, and destroys the stream", async () => {
    const fs = createMemoryFileSystem();
    const controller = new AbortController();
    const session = await startSession(fs, { signal: controller.signal });
    await session.client.open("/a", CREATE);
    controller.abort();
    assert.deepEqual(await session.end, { reason: "aborted" });
    assert.equal(fs.abortedHandles, 1);
  });

  it("does not start when told to end before", async () => {
    const [near, far] = duplexPair();
    const end = await serveSftp(far, createMemoryFileSystem(), { signal: AbortSignal.abort() });
    assert.deepEqual(end, { reason: "aborted" });
    near.destroy();
  });

  it("ends with a stream that is already gone", async () => {
    const stream = new PassThrough();
    stream.destroy();
    assert.equal((await serveSftp(stream, createMemoryFileSystem())).reason, "connection-lost");
  });

  it("survives an error of the stream, and a second one", async () => {
    const [near, far] = duplexPair();
    const end = serveSftp(far, createMemoryFileSystem());
    const cause = new Error("cable");
    far.destroy(cause);
    assert.deepEqual(await end, { reason: "connection-lost", cause });
    far.emit("error", new Error("again"));
    near.destroy();
  });

  it("closes the other handles when one fails to close", async () => {
    const fs = wrapFiles((file) => {
      const close = file.close.bind(file);
      return {
        close: async (options) => {
          await close(options);
          throw new SftpError("FAILURE", "No room left");
        },
      };
    });
    const problems: string[] = [];
    const session = await startSession(fs, { logger: { log: (_level, message) => problems.push(message) } });
    await session.client.open("/a", CREATE);
    await session.client.open("/b", CREATE);
    session.client.stream.end();
    await session.end;
    assert.equal(fs.openHandles, 0);
    assert.equal(problems.filter((message) => message.includes("did not close cleanly")).length, 2);
  });

  it("closes a file whose OPEN was still running", async () => {
    const fs = createMemoryFileSystem();
    const held = Promise.withResolvers<void>();
    const open = fs.open.bind(fs);
    fs.open = async (...args) => {
      await held.promise;
      return open(...args);
    };
    const session = await startSession(fs);
    session.client.send(packet(3, uint32(1), string("/a"), uint32(CREATE), uint32(0)));
    await turns(3);
    session.client.stream.destroy(new Error("cut"));
    await turns(3);
    held.resolve();
    await session.end;
    assert.equal(fs.openHandles, 0);
    assert.equal(fs.abortedHandles, 1);
  });
});

describe("failures of the file system", () => {
  it("reach the client with their code and message", async () => {
    const fs = wrapFiles(() => ({ write: () => Promise.reject(new SftpError("PERMISSION_DENIED", "Quota exceeded")) }));
    await using session = await startSession(fs);
    const handle = await session.client.open("/a", CREATE);
    const reply = await session.client.write(handle, 0, "x");
    assert.equal(statusOf(reply), "PERMISSION_DENIED");
    assert.equal(messageOf(reply), "Quota exceeded");
  });

  it("are not told in detail when they are unforeseen", async () => {
    const secret = new Error("EIO: /srv/secret");
    const fs = wrapFiles(() => ({ stat: () => Promise.reject(secret) }));
    const logged: unknown[] = [];
    await using session = await startSession(fs, {
      logger: { log: (_level, _message, fields) => logged.push(fields) },
    });
    const handle = await session.client.open("/a", CREATE);
    const reply = await session.client.request(8, handle);
    assert.equal(statusOf(reply), "FAILURE");
    assert.equal(messageOf(reply), "Failure");
    assert.deepEqual(logged, [{ type: 8, error: secret }]);
  });

  it("are answered when what it returns cannot be sent", async () => {
    const fs = createMemoryFileSystem();
    fs.realPath = async () => undefined as unknown as string;
    await using session = await startSession(fs);
    assert.equal(statusOf(await session.client.request(16, string("/"))), "FAILURE");
    assert.equal((await session.client.request(17, string("/"))).type, 105);
  });
});

describe("CLOSE", () => {
  it("waits for what runs on its handle, and for nothing else", async () => {
    const held = Promise.withResolvers<void>();
    const fs = wrapFiles(() => ({ write: () => held.promise }));
    await using session = await startSession(fs);
    const { client } = session;
    const busy = await client.open("/a", CREATE);
    const other = await client.open("/b", CREATE);
    const written = client.write(busy, 0, "x");
    const closed = client.close(busy);
    assert.equal(statusOf(await client.close(other)), "OK");
    await turns(3);
    assert.equal(fs.openHandles, 1);
    held.resolve();
    assert.deepEqual((await Promise.all([written, closed])).map(statusOf), ["OK", "OK"]);
    assert.equal(fs.openHandles, 0);
    const ids = client.replies.slice(-2).map(({ id }) => id);
    assert.deepEqual(ids, [(await written).id, (await closed).id]);
  });
});

describe("writes of one file", () => {
  it("come in buffers that are used again", async () => {
    const buffers = new Set<unknown>();
    const fs = wrapFiles(() => ({
      write: async (bytes) => {
        buffers.add(bytes.buffer);
      },
    }));
    await using session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    for (let id = 1; id <= 10; id += 1) {
      const bytes = packet(6, uint32(id), handle, uint64(0), string(Buffer.alloc(200_000)));
      client.send(bytes.subarray(0, 1000));
      client.send(bytes.subarray(1000));
      await client.reply(id);
    }
    assert.ok(buffers.size < 5, `${buffers.size} buffers`);
  });

  it("are joined while the file is busy", async () => {
    const held = Promise.withResolvers<void>();
    const writes: string[] = [];
    const fs = wrapFiles(() => ({
      write: async (bytes, position) => {
        writes.push(`${position} ${Buffer.from(bytes).toString()}`);
        await held.promise;
      },
      writeMany: async (pieces, position) => {
        writes.push(`${position} ${Buffer.concat(pieces).toString()}`);
      },
    }));
    await using session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const replies = [
      client.write(handle, 0, "a"),
      client.write(handle, 1, "bc"),
      client.write(handle, 3, "d"),
      client.write(handle, 9, "e"),
      client.close(handle),
    ];
    await turns(3);
    assert.deepEqual(writes, ["0 a"]);
    held.resolve();
    assert.deepEqual((await Promise.all(replies)).map(statusOf), ["OK", "OK", "OK", "OK", "OK"]);
    assert.deepEqual(writes, ["0 a", "1 bcd", "9 e"]);
  });

  it("all fail when the write they were joined in fails", async () => {
    const fs = wrapFiles(() => ({
      write: () => nextTurn(),
      writeMany: () => Promise.reject(new SftpError("FAILURE", "No room left")),
    }));
    await using session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const replies = await Promise.all([0, 1, 2].map((position) => client.write(handle, position, "x")));
    assert.deepEqual(replies.map(statusOf), ["OK", "FAILURE", "FAILURE"]);
    assert.equal(statusOf(await client.close(handle)), "OK");
  });
});

describe("back-pressure", () => {
  it("starts no more requests than allowed while they run", async () => {
    const held = Promise.withResolvers<void>();
    let running = 0;
    const fs = wrapFiles(() => ({
      read: async () => {
        running += 1;
        await held.promise;
        return 1;
      },
    }));
    await using session = await startSession(fs, { maxInFlight: 4 });
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    const replies = Array.from({ length: 50 }, (_, position) => client.read(handle, position, 1));
    await turns(5);
    assert.equal(running, 4);
    held.resolve();
    await Promise.all(replies);
    assert.equal(running, 50);
  });

  it("stops reading a client that sends faster than the disk writes", async () => {
    const held = Promise.withResolvers<void>();
    const fs = wrapFiles(() => ({ write: () => held.promise }));
    await using session = await startSession(fs, { maxInFlightBytes: 300_000 });
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const data = Buffer.alloc(100_000);
    const replies = Array.from({ length: 20 }, (_, index) => client.write(handle, index * data.length, data));
    await turns(10);
    // What was not taken is still with the sender.
    assert.ok(client.stream.writableLength > 15 * data.length, `${client.stream.writableLength} bytes wait`);
    held.resolve();
    assert.deepEqual(new Set((await Promise.all(replies)).map(statusOf)), new Set(["OK"]));
  });

  it("stops working for a client that does not read", async () => {
    let reads = 0;
    const fs = wrapFiles(() => ({
      read: async (buffer) => {
        reads += 1;
        return buffer.length;
      },
    }));
    const session = await startSession(fs, { maxInFlightBytes: 300_000 });
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    client.stream.pause();
    for (let index = 0; index < 100; index += 1) {
      client.send(packet(5, uint32(index), handle, uint64(0), uint32(50_000)));
    }
    await turns(20);
    assert.ok(reads < 10, `${reads} reads`);
    client.stream.resume();
    await client.reply(99);
    assert.equal(reads, 100);
    client.stream.end();
    await session.end;
  });

  it("bounds the replies to a client that asks trifles and does not read", async () => {
    const session = await startSession(createMemoryFileSystem(), { maxInFlightBytes: 20_000 });
    const { client } = session;
    client.stream.pause();
    const requests = Buffer.concat(Array.from({ length: 100 }, () => packet(16, uint32(1), string("/"))));
    for (let index = 0; index < 200; index += 1) client.send(requests);
    await turns(50);
    assert.ok(client.stream.writableLength > 0, "the rest of the requests was not taken");
    client.stream.resume();
    client.stream.end();
    await session.end;
    assert.equal(client.replies.length, 20_001);
  });

  it("ends in order although the client's last requests had to wait", async () => {
    const fs = createMemoryFileSystem();
    const session = await startSession(fs, { maxInFlight: 1 });
    const { client } = session;
    for (let id = 1; id <= 40; id += 1) client.send(packet(14, uint32(id), string(`/d${id}`), uint32(0)));
    client.stream.end();
    assert.deepEqual(await session.end, { reason: "client-closed" });
    assert.equal((await fs.stat("/d40")).sizeBytes, 0n);
  });
});

describe("reply buffers", () => {
  it("are used again only when the stream is said to copy", async () => {
    const seen: { readonly buffers: Set<unknown>; readonly reuse: boolean }[] = [];
    for (const reuse of [false, true]) {
      const buffers = new Set<unknown>();
      const fs = wrapFiles(() => ({
        read: async (buffer) => {
          buffers.add(buffer.buffer);
          return buffer.length;
        },
      }));
      const [near, far] = duplexPair();
      const end = serveSftp(far, fs, { reuseReplyBuffers: reuse });
      const client = new TestClient(near);
      await client.greet();
      const handle = await client.open("/a", CREATE | OPEN.READ);
      for (let index = 0; index < 10; index += 1) await client.read(handle, 0, 32_768);
      seen.push({ buffers, reuse });
      near.end();
      await end;
      near.destroy();
      if (!near.closed) await once(near, "close");
    }
    assert.deepEqual(
      seen.map(({ buffers }) => buffers.size === 10),
      [true, false],
    );
  });
});

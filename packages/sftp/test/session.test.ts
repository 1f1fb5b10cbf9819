import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createMemoryFileSystem } from "./fixtures/memory-file-system.ts";
import { dataOf, messageOf, namesOf, OPEN, startSession, statusOf } from "./fixtures/session.ts";
import { INIT, NO_ATTRIBUTES, packet, string, uint32, uint64 } from "./fixtures/wire.ts";

const CREATE = OPEN.WRITE | OPEN.CREATE | OPEN.TRUNCATE;

describe("greeting", () => {
  it("announces OpenSSH's extensions in OpenSSH's order", async () => {
    await using session = await startSession(createMemoryFileSystem(), { greet: false });
    const { type, body } = await session.client.greet();
    assert.equal(type, 2);
    const texts: string[] = [];
    for (let at = 0; at < body.length;) {
      const length = body.readUInt32BE(at);
      texts.push(body.toString("latin1", at + 4, at + 4 + length));
      at += 4 + length;
    }
    assert.equal(
      texts.join(" "),
      "posix-rename@openssh.com 1 statvfs@openssh.com 2 fstatvfs@openssh.com 2 hardlink@openssh.com 1 " +
        "fsync@openssh.com 1 lsetstat@openssh.com 1 limits@openssh.com 1 expand-path@openssh.com 1 copy-data 1 " +
        "home-directory 1 users-groups-by-id@openssh.com 1",
    );
  });

  it("does not announce what the file system cannot do", async () => {
    const fs = Object.create(createMemoryFileSystem(), {
      setStatNoFollow: { value: undefined },
      userGroupNames: { value: undefined },
    }) as ReturnType<typeof createMemoryFileSystem>;
    await using session = await startSession(fs, { greet: false });
    const { body } = await session.client.greet();
    assert.ok(!body.includes("lsetstat") && !body.includes("users-groups"));
    const { client } = session;
    assert.equal(statusOf(await client.extended("lsetstat@openssh.com", string("/"), uint32(0))), "OP_UNSUPPORTED");
    const names = await client.extended("users-groups-by-id@openssh.com", string(""), string(""));
    assert.equal(statusOf(names), "OP_UNSUPPORTED");
  });

  it("takes a client of a later version, and extensions in its INIT", async () => {
    await using session = await startSession(createMemoryFileSystem(), { greet: false });
    session.client.send(packet(1, uint32(6), string("vendor"), string("x")));
    assert.equal((await session.client.reply(3)).type, 2);
  });
});

describe("files", () => {
  it("writes and reads back", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const out = await client.open("/a", CREATE);
    assert.equal(statusOf(await client.write(out, 0, "hello")), "OK");
    assert.equal(statusOf(await client.close(out)), "OK");
    const handle = await client.open("/a", OPEN.READ);
    assert.equal(dataOf(await client.read(handle, 1, 100)).toString(), "ello");
    assert.equal(statusOf(await client.read(handle, 5, 100)), "EOF");
    assert.equal(dataOf(await client.read(handle, 5, 0)).length, 0);
    assert.equal(statusOf(await client.close(handle)), "OK");
  });

  it("keeps the order of pipelined requests of one handle", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    const replies = await Promise.all([
      client.write(handle, 0, "aaaa"),
      client.write(handle, 2, "bbbb"),
      client.read(handle, 0, 10),
      client.request(10, handle, uint32(1), uint64(3)),
      client.request(8, handle),
      client.write(handle, 3, "c"),
      client.read(handle, 0, 10),
      client.close(handle),
    ]);
    assert.equal(dataOf(replies[2]).toString(), "aabbbb");
    assert.equal(replies[4].body.readBigUInt64BE(4), 3n);
    assert.equal(dataOf(replies[6]).toString(), "aabc");
    assert.equal(statusOf(replies[7]), "OK");
  });

  it("keeps the order of pipelined requests on names", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const replies = await Promise.all([
      client.request(14, string("/d"), NO_ATTRIBUTES),
      client.request(14, string("/d/e"), NO_ATTRIBUTES),
      client.request(18, string("/d"), string("/f")),
      client.request(17, string("/f/e")),
      client.request(15, string("/f/e")),
      client.request(17, string("/f/e")),
    ]);
    assert.deepEqual(
      replies.map((reply) => (reply.type === 105 ? "ATTRS" : statusOf(reply))),
      ["OK", "OK", "OK", "ATTRS", "OK", "NO_SUCH_FILE"],
    );
  });

  it("answers a READ longer than the limit with what fits", async () => {
    const fs = createMemoryFileSystem();
    await using session = await startSession(fs);
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    await client.request(10, handle, uint32(1), uint64(1_000_000));
    assert.equal(dataOf(await client.read(handle, 0, 0xffff_ffff)).length, 261_120);
  });

  it("takes a WRITE of 256 KiB of data", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    const data = Buffer.alloc(262_144, "0123456789");
    assert.equal(statusOf(await client.write(handle, 0, data)), "OK");
    assert.deepEqual(dataOf(await client.read(handle, 262_000, 1000)), data.subarray(262_000));
  });

  it("reaches beyond 4 GiB", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/big", CREATE | OPEN.READ);
    const position = 5 * 2 ** 30;
    await client.write(handle, position, "end");
    assert.equal(dataOf(await client.read(handle, position + 1, 10)).toString(), "nd");
    assert.equal((await client.request(8, handle)).body.readBigUInt64BE(4), BigInt(position + 3));
    await client.request(10, handle, uint32(1), uint64(position * 2));
    assert.equal((await client.request(17, string("/big"))).body.readBigUInt64BE(4), BigInt(position * 2));
  });

  it("refuses positions and sizes beyond what a number holds", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    assert.equal(statusOf(await client.write(handle, 2n ** 53n, "x")), "FAILURE");
    assert.equal(statusOf(await client.read(handle, 2n ** 64n - 1n, 10)), "FAILURE");
    assert.equal(statusOf(await client.read(handle, 2n ** 53n - 1n, 10)), "FAILURE");
    assert.equal(statusOf(await client.request(10, handle, uint32(1), uint64(2n ** 53n))), "FAILURE");
  });

  it("refuses to read what is open for writing, and the reverse", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const out = await client.open("/a", CREATE);
    assert.equal(statusOf(await client.read(out, 0, 1)), "PERMISSION_DENIED");
    const handle = await client.open("/a", OPEN.READ);
    assert.equal(statusOf(await client.write(handle, 0, "x")), "PERMISSION_DENIED");
  });

  it("forgets a handle at its CLOSE", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    const replies = await Promise.all([client.close(handle), client.write(handle, 0, "x"), client.close(handle)]);
    assert.deepEqual(replies.map(statusOf), ["OK", "FAILURE", "FAILURE"]);
    assert.notDeepEqual(await client.open("/a", CREATE), handle);
  });

  it("limits open handles and goes on", async () => {
    const fs = createMemoryFileSystem();
    await using session = await startSession(fs, { maxHandles: 3 });
    const { client } = session;
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => client.request(3, string("/a"), uint32(CREATE), NO_ATTRIBUTES)),
    );
    assert.deepEqual(
      replies.map(({ type }) => type),
      [102, 102, 102, 101, 101],
    );
    assert.match(messageOf(replies[4] as (typeof replies)[0]), /limit is 3/);
    assert.equal(fs.openHandles, 3);
    await client.close(replies[0]?.body as Buffer);
    await client.open("/a", OPEN.READ);
  });

  it("shares open handles with other sessions and goes on", async () => {
    const fs = createMemoryFileSystem();
    const handleBudget = new CountedBudget(2);
    {
      await using one = await startSession(fs, { handleBudget });
      await using other = await startSession(fs, { handleBudget });
      const first = await one.client.open("/a", CREATE);
      await other.client.open("/a", OPEN.READ);
      for (const { client } of [one, other]) {
        const refused = await client.request(3, string("/a"), uint32(OPEN.READ), NO_ATTRIBUTES);
        assert.equal(statusOf(refused), "FAILURE");
        assert.match(messageOf(refused), /Too many open handles/);
      }
      assert.equal(fs.openHandles, 2);
      await one.client.close(first);
      await other.client.open("/a", OPEN.READ);
      await one.client.request(3, string("/missing"), uint32(OPEN.READ), NO_ATTRIBUTES);
    }
    assert.equal(handleBudget.taken, 0);
  });

  it("gives the place of a handle back that could not be opened", async () => {
    const handleBudget = new CountedBudget(1);
    await using session = await startSession(createMemoryFileSystem(), { handleBudget });
    const { client } = session;
    assert.equal(
      statusOf(await client.request(3, string("/missing"), uint32(OPEN.READ), NO_ATTRIBUTES)),
      "NO_SUCH_FILE",
    );
    await client.open("/a", CREATE);
  });
});

class CountedBudget {
  taken = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(): boolean {
    const isFree = this.taken < this.#limit;
    this.taken += isFree ? 1 : 0;
    return isFree;
  }

  giveBack(): void {
    this.taken -= 1;
  }
}

describe("names", () => {
  it("resolves relative paths from the home directory, and never above the root", async () => {
    await using session = await startSession(createMemoryFileSystem({ homeDirectory: "/home" }));
    const { client } = session;
    await client.request(14, string("/home"), NO_ATTRIBUTES);
    await client.open("a", CREATE);
    const canonical = async (path: string): Promise<string | undefined> =>
      namesOf(await client.request(16, string(path)))[0]?.name;
    assert.equal(await canonical(""), "/home");
    assert.equal(await canonical("."), "/home");
    assert.equal(await canonical("a"), "/home/a");
    assert.equal(await canonical("../.."), "/");
    assert.equal(await canonical("/../../home//./a/"), "/home/a");
  });

  it("expands a tilde", async () => {
    await using session = await startSession(createMemoryFileSystem({ homeDirectory: "/home" }));
    const { client } = session;
    await client.request(14, string("/home"), NO_ATTRIBUTES);
    const expand = (path: string): ReturnType<typeof client.extended> =>
      client.extended("expand-path@openssh.com", string(path));
    assert.equal(namesOf(await expand("~"))[0]?.name, "/home");
    assert.equal(namesOf(await expand("~/x"))[0]?.name, "/home/x");
    assert.equal(namesOf(await expand(""))[0]?.name, "/home");
    assert.equal(namesOf(await expand("x"))[0]?.name, "/home/x");
    assert.equal(statusOf(await expand("~somebody/x")), "NO_SUCH_FILE");
    assert.equal(namesOf(await client.extended("home-directory", string("")))[0]?.name, "/home");
    assert.equal(statusOf(await client.extended("home-directory", string("root"))), "FAILURE");
  });

  it("lists a directory with lines as of ls -l", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    await client.write(await client.open("/a", CREATE), 0, "12345");
    const handle = await client.openDirectory("/");
    const [entry] = namesOf(await client.request(12, handle));
    assert.equal(entry?.name, "a");
    assert.match(entry.longName, /^-rw-r--r-- {3}1 0 {8}0 {15}5 Jan {2}1 {2}1970 a$/);
    assert.equal(statusOf(await client.request(12, handle)), "EOF");
    assert.equal(statusOf(await client.request(12, handle)), "EOF");
  });

  it("lists a large directory in replies that every client takes", async () => {
    const fs = createMemoryFileSystem();
    const names = Array.from({ length: 1000 }, (_, index) => `${index}-${"n".repeat(240)}`);
    for (const name of names) await fs.makeDirectory(`/${name}`, {});
    await using session = await startSession(fs);
    const { client } = session;
    const handle = await client.openDirectory("/");
    const seen: string[] = [];
    for (let reply = await client.request(12, handle); reply.type === 104; reply = await client.request(12, handle)) {
      assert.ok(reply.body.length <= 34_000);
      seen.push(...namesOf(reply).map(({ name }) => name));
    }
    assert.deepEqual(seen, names);
  });

  it("makes links with OpenSSH's order of arguments and leaves the target alone", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    assert.equal(statusOf(await client.request(20, string("../a/./b"), string("/l"))), "OK");
    assert.equal(namesOf(await client.request(19, string("/l")))[0]?.name, "../a/./b");
    assert.equal(statusOf(await client.request(20, string(""), string("/m"))), "NO_SUCH_FILE");
  });

  it("renames over a file only with posix-rename", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    await client.open("/a", CREATE);
    await client.open("/b", CREATE);
    assert.equal(statusOf(await client.request(18, string("/a"), string("/b"))), "FAILURE");
    assert.equal(statusOf(await client.extended("posix-rename@openssh.com", string("/a"), string("/b"))), "OK");
    assert.equal(statusOf(await client.request(7, string("/a"))), "NO_SUCH_FILE");
  });

  it("removes files and directories, sets attributes, makes hard links", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE);
    assert.equal(statusOf(await client.request(9, string("/a"), uint32(4), uint32(0o600))), "OK");
    assert.equal((await client.request(17, string("/a"))).body.readUInt32BE(20), 0o100600);
    const times = [uint32(8), uint32(1), uint32(2)];
    assert.equal(statusOf(await client.extended("lsetstat@openssh.com", string("/a"), ...times)), "OK");
    const size = [uint32(1), uint64(0)];
    assert.equal(statusOf(await client.extended("lsetstat@openssh.com", string("/a"), ...size)), "BAD_MESSAGE");
    assert.equal(statusOf(await client.extended("hardlink@openssh.com", string("/a"), string("/b"))), "OK");
    assert.equal(statusOf(await client.extended("fsync@openssh.com", handle)), "OK");
    assert.equal(statusOf(await client.request(13, string("/a"))), "OK");
    assert.equal(statusOf(await client.request(13, string("/a"))), "NO_SUCH_FILE");
    assert.equal(statusOf(await client.request(14, string("/d"), NO_ATTRIBUTES)), "OK");
    assert.equal(statusOf(await client.request(15, string("/d"))), "OK");
  });
});

describe("extensions", () => {
  it("tells OpenSSH's limits", async () => {
    await using session = await startSession(createMemoryFileSystem(), { maxHandles: 77 });
    const { type, body } = await session.client.extended("limits@openssh.com");
    assert.equal(type, 201);
    assert.deepEqual(
      [0, 8, 16, 24].map((at) => body.readBigUInt64BE(at)),
      [262_144n, 261_120n, 261_120n, 77n],
    );
  });

  it("tells the room of a file system by path and by handle", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const byPath = await client.extended("statvfs@openssh.com", string("/"));
    assert.equal(byPath.body.length, 88);
    assert.equal(byPath.body.readBigUInt64BE(16), 2n ** 40n);
    assert.equal(byPath.body.readBigUInt64BE(72), 3n);
    const handle = await client.open("/a", CREATE);
    assert.deepEqual((await client.extended("fstatvfs@openssh.com", handle)).body, byPath.body);
  });

  it("names users and groups in the order asked", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const reply = await session.client.extended("users-groups-by-id@openssh.com", ids(1, 0), ids(5));
    const users = Buffer.concat([string(""), string("root")]);
    assert.deepEqual(reply.body, Buffer.concat([string(users), string(string("group-5"))]));
  });

  it("copies between handles, a part and to the end", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const from = await client.open("/a", CREATE | OPEN.READ);
    const to = await client.open("/b", CREATE | OPEN.READ);
    await client.write(from, 0, Buffer.alloc(250_000, "0123456789"));
    const copy = (position: number, length: number, target: number): ReturnType<typeof client.extended> =>
      client.extended("copy-data", from, uint64(position), uint64(length), to, uint64(target));
    assert.equal(statusOf(await copy(3, 4, 1)), "OK");
    assert.equal(dataOf(await client.read(to, 0, 100)).toString(), "\x003456");
    assert.equal(statusOf(await copy(5, 0, 0)), "OK");
    assert.equal((await client.request(8, to)).body.readBigUInt64BE(4), 249_995n);
    assert.equal(dataOf(await client.read(to, 249_990, 100)).toString(), "56789");
    assert.equal(statusOf(await copy(249_999, 10, 0)), "EOF");
    const same = await client.open("/a", OPEN.WRITE);
    const onto = (target: Buffer): ReturnType<typeof client.extended> =>
      client.extended("copy-data", from, uint64(0), uint64(1), target, uint64(0));
    assert.equal(statusOf(await onto(from)), "FAILURE");
    assert.equal(statusOf(await onto(same)), "FAILURE");
  });

  it("lets copies between two handles cross", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const a = await client.open("/a", CREATE | OPEN.READ);
    const b = await client.open("/b", CREATE | OPEN.READ);
    await client.write(a, 0, "aa");
    await client.write(b, 0, "bb");
    const copy = (from: Buffer, to: Buffer, target: number): ReturnType<typeof client.extended> =>
      client.extended("copy-data", from, uint64(0), uint64(2), to, uint64(target));
    const replies = await Promise.all([copy(a, b, 2), copy(b, a, 2), copy(a, b, 4)]);
    assert.deepEqual(replies.map(statusOf), ["OK", "OK", "OK"]);
  });

  it("says of an unknown extension that it is unsupported", async () => {
    await using session = await startSession(createMemoryFileSystem());
    assert.equal(statusOf(await session.client.extended("md5-hash@example.com", string("x"))), "OP_UNSUPPORTED");
    assert.equal(statusOf(await session.client.extended("__proto__")), "OP_UNSUPPORTED");
  });
});

describe("framing", () => {
  it("takes packets byte by byte, and many in one chunk", async () => {
    await using session = await startSession(createMemoryFileSystem(), { greet: false });
    const { client } = session;
    for (const byte of Buffer.concat([INIT, mkdir(50, "/a")])) client.send(Buffer.of(byte));
    client.send(Buffer.concat([mkdir(51, "/b"), mkdir(52, "/c"), mkdir(53, "/d").subarray(0, 7)]));
    client.send(mkdir(53, "/d").subarray(7));
    for (const id of [50, 51, 52, 53]) assert.equal(statusOf(await client.reply(id)), "OK");
  });

  it("assembles a large WRITE from chunks of any size", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    const handle = await client.open("/a", CREATE | OPEN.READ);
    const data = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256));
    const bytes = packet(6, uint32(70), handle, uint64(0), string(data));
    for (let at = 0, size = 1; at < bytes.length; at += size, size = (size * 3) % 8191) {
      size ||= 1;
      client.send(bytes.subarray(at, at + size));
    }
    assert.equal(statusOf(await client.reply(70)), "OK");
    assert.deepEqual(dataOf(await client.read(handle, 0, 200_000)), data);
  });

  it("sends the small replies of one turn in one write", async () => {
    await using session = await startSession(createMemoryFileSystem());
    const { client } = session;
    let chunks = 0;
    client.stream.on("data", () => {
      chunks += 1;
    });
    const requests = Array.from({ length: 20 }, (_, id) => packet(16, uint32(id + 1), string("/")));
    client.send(Buffer.concat(requests));
    for (const [index] of requests.entries()) await client.reply(index + 1);
    assert.ok(chunks <= 2, `${chunks} chunks`);
  });
});

function ids(...values: readonly number[]): Buffer {
  return string(Buffer.concat(values.map(uint32)));
}

function mkdir(id: number, path: string): Buffer {
  return packet(14, uint32(id), string(path), NO_ATTRIBUTES);
}

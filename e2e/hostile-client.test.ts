/** Clients that are broken or mean: each is refused, nothing leaves the jail, and the server serves others meanwhile. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, before, describe, test } from "node:test";
import { startSwapping } from "./harness/path-swapper.ts";
import { openFilesOf } from "./harness/processes.ts";
import { RawSftp } from "./harness/raw-sftp.ts";
import { encodePacket, openFlag, packetType, statusCode, uint32 } from "./harness/sftp-packets.ts";
import { suiteOwner } from "./harness/sandbox.ts";
import { openStory, type Story } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { waitFor } from "./harness/wait-for.ts";

const secret = "what lies outside of every home";
const createFlags = openFlag.write | openFlag.create | openFlag.truncate;

describe("a hostile client", { skip: skipWithout("ssh", "sftp", "ssh-keygen") }, () => {
  let story: Story<"mallory" | "alice">;
  let outside: string;
  const owner = suiteOwner();
  before(async () => {
    // Links may be made by clients, so that theirs are tried too.
    const sections = { common: { symlink_mode: 1 } };
    story = await openStory(owner, { users: ["mallory", "alice"], plugin: "none", sections });
    outside = story.sandbox.path("outside");
    await mkdir(outside);
    await writeFile(join(outside, "secret.txt"), secret);
  });

  // The other half of every test below: somebody else's files come and go as if nothing had happened.
  let round = 0;
  afterEach(async () => {
    const { openSsh, server, users, sandbox } = story;
    round += 1;
    await sandbox.write("honest", `honest work, round ${round}`);
    const result = await openSsh.sftp(server, users.alice.byKey, ["put honest a", "get a honest.back"]);
    assert.equal(result.code, 0, `others are no longer served: ${result.stderr}`);
    assert.equal(await readFile(sandbox.path("honest.back"), "utf8"), `honest work, round ${round}`);
    assert.deepEqual(await readdir(outside), ["secret.txt"]);
    assert.equal(await readFile(join(outside, "secret.txt"), "utf8"), secret);
  });

  async function openMallory(options?: { readonly greet?: boolean }): Promise<RawSftp> {
    const { openSsh, server, users, sandbox } = story;
    const client = await RawSftp.open(openSsh, server, users.mallory.byKey, options);
    sandbox.defer(async () => await client.close());
    return client;
  }

  describe("before the login", () => {
    const clients: readonly { readonly sends: string; readonly bytes: () => Uint8Array }[] = [
      { sends: "64 KiB of noise instead of a banner", bytes: () => randomBytes(65_536) },
      { sends: "a megabyte without a line end", bytes: () => Buffer.alloc(1 << 20, "A") },
      { sends: "another protocol", bytes: () => Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(20)) },
      { sends: "the banner of SSH 1", bytes: () => Buffer.from("SSH-1.5-old\r\n") },
      { sends: "noise after the banner", bytes: () => afterBanner(randomBytes(65_536)) },
      { sends: "a packet of 4 GiB after the banner", bytes: () => afterBanner(uint32(0xffff_ffff), randomBytes(4096)) },
      { sends: "a packet of no length after the banner", bytes: () => afterBanner(Buffer.alloc(4096)) },
    ];
    for (const { sends, bytes } of clients) {
      test(`that sends ${sends} is disconnected`, async () => {
        const socket = await connectTo(story.server.port);
        socket.end(bytes());
        await ended(socket);
      });
    }

    test("that sends nothing, 100 times over, keeps nobody out", async () => {
      const { openSsh, server, users } = story;
      const sockets = await Promise.all(Array.from({ length: 100 }, async () => await connectTo(server.port)));
      const result = await openSsh.sftp(server, users.alice.byKey, ["pwd"]);
      assert.equal(result.code, 0, result.stderr);
      for (const socket of sockets) socket.destroy();
    });
  });

  describe("that breaks the rules of SFTP", () => {
    const inits = encodePacket(packetType.init, 3);
    const fatal: readonly { readonly sends: string; readonly bytes: Uint8Array }[] = [
      { sends: "a packet of 4 GiB", bytes: Buffer.concat([inits, uint32(0xffff_ffff), Buffer.alloc(70_000)]) },
      { sends: "a packet of 2 GiB", bytes: Buffer.concat([inits, uint32(0x7fff_ffff), Buffer.alloc(70_000)]) },
      { sends: "a packet without a type", bytes: Buffer.concat([inits, uint32(0)]) },
      { sends: "a request before INIT", bytes: encodePacket(packetType.stat, 1, "/") },
    ];
    for (const { sends, bytes } of fatal) {
      test(`with ${sends} loses its session`, async () => {
        const client = await openMallory({ greet: false });
        client.send(bytes);
        await client.ended();
      });
    }

    test("with a packet cut off by the end of the stream loses its session", async () => {
      const client = await openMallory();
      client.send(uint32(1000));
      client.send(Buffer.alloc(10));
      await client.close();
    });

    const malformed: readonly { readonly sends: string; readonly type: number; readonly body: Uint8Array }[] = [
      { sends: "a path longer than its packet", type: packetType.open, body: uint32(0xffff_fff0) },
      {
        sends: "a path that ends too soon",
        type: packetType.stat,
        body: Buffer.concat([uint32(10), Buffer.from("/a")]),
      },
      { sends: "no fields at all", type: packetType.write, body: Buffer.alloc(0) },
      { sends: "attributes with a wild count", type: packetType.setstat, body: wildAttributes() },
    ];
    for (const { sends, type, body } of malformed) {
      test(`with ${sends} is told so or loses its session`, async () => {
        const client = await openMallory();
        const id = 77;
        client.send(Buffer.concat([uint32(5 + body.length), Buffer.from([type]), uint32(id), body]));
        const next = await client.request(packetType.realpath, ".").then(
          (reply) => reply.type,
          () => "ended",
        );
        assert.ok(next === packetType.name || next === "ended");
        await client.close();
      });
    }

    test("with unknown types, unknown handles and wild numbers is answered with errors", async () => {
      const client = await openMallory();
      await writeFile(join(story.users.mallory.home, "file"), "file");
      const { bytes: handle } = await client.open("/file", openFlag.read | openFlag.write);
      const replies = {
        "type 99": await client.request(99, "x"),
        "extension nobody knows": await client.request(packetType.extended, "nonsense@example.org", randomBytes(100)),
        "no handle": await client.request(packetType.close, ""),
        "handle of nobody": await client.request(packetType.read, "no such handle", 0n, 10),
        "handle of 4 KiB": await client.request(packetType.fstat, randomBytes(4096)),
        "file as directory": await client.request(packetType.readdir, handle),
        "write past every file": await client.request(packetType.write, handle, 2n ** 64n - 1n, "x"),
        "size past every file": await client.request(packetType.setstat, "/file", 1, 2n ** 64n - 1n),
      };
      const accepted = Object.entries(replies).filter(
        ([, { status }]) => status === undefined || status === statusCode.ok,
      );
      assert.deepEqual(accepted, []);
      const past = await client.request(packetType.read, handle, 2n ** 63n, 100);
      assert.ok(past.status === statusCode.eof || past.status === statusCode.failure);
      const greedy = await client.request(packetType.read, handle, 0n, 0xffff_ffff);
      assert.equal(greedy.bytes.toString("utf8"), "file");
      assert.equal((await client.request(packetType.close, handle)).status, statusCode.ok);
      await client.close();
    });

    test("and asks for gigabytes without reading the answers costs the server no memory", async () => {
      const client = await openMallory();
      await writeFile(join(story.users.mallory.home, "quarter"), Buffer.alloc(1 << 18));
      const { bytes: handle } = await client.open("/quarter");
      const before = story.server.residentBytes();
      client.pause();
      const asks = Array.from({ length: 20_000 }, (_, id) => encodePacket(packetType.read, id, handle, 0n, 1 << 18));
      client.send(Buffer.concat(asks));
      // Somebody else's whole session passes meanwhile, so the server has had its turn.
      await story.openSsh.sftp(story.server, story.users.alice.byKey, ["pwd"]);
      const grown = story.server.residentBytes() - before;
      assert.ok(grown < 150 * 2 ** 20, `grew by ${Math.round(grown / 2 ** 20)} MiB`);
      await client.close();
    });
  });

  test("that opens 1,000 handles and leaves gives them all back", async () => {
    const { server, users } = story;
    await writeFile(join(users.mallory.home, "many"), "many");
    const client = await openMallory();
    const baseline = openFilesOf(server.pid);
    const replies = await Promise.all(Array.from({ length: 1000 }, async () => await client.open("/many")));
    const opened = replies.filter((reply) => reply.type === packetType.handle);
    const refused = replies.filter((reply) => reply.status === statusCode.failure);
    assert.equal(opened.length + refused.length, 1000);
    assert.ok(opened.length >= 100, `only ${opened.length} handles`);
    // What is open stays usable, whatever was refused.
    const { bytes } = await client.request(packetType.read, opened.at(-1)!.bytes, 0n, 10);
    assert.equal(bytes.toString("utf8"), "many");
    await client.close();
    await waitFor("the end of every handle", () => openFilesOf(server.pid) <= baseline);
  });

  describe("with names that are none", () => {
    const names: readonly { readonly kind: string; readonly name: string | Uint8Array }[] = [
      { kind: "a NUL", name: "/nul\0byte" },
      { kind: "a NUL after an honest name", name: "/honest.txt\0.exe" },
      { kind: "bytes that are not UTF-8", name: Buffer.from([0x2f, 0x61, 0xff, 0xfe, 0x62]) },
      { kind: "half of a surrogate", name: Buffer.from([0x2f, 0xed, 0xa0, 0x80]) },
      { kind: "an overlong slash", name: Buffer.from([0x2f, 0x2e, 0x2e, 0xc0, 0xaf, 0x78]) },
      { kind: "4 KiB in one name", name: `/${"n".repeat(4096)}` },
      { kind: "a path of 200 KiB", name: "/long".repeat(40_000) },
    ];
    for (const { kind, name } of names) {
      test(`(${kind}) is refused everywhere and nothing is made`, async () => {
        const { home } = story.users.mallory;
        const earlier = await readdir(home);
        const client = await openMallory();
        const replies = {
          open: await client.open(name, createFlags),
          mkdir: await client.request(packetType.mkdir, name, 0),
          stat: await client.request(packetType.stat, name),
          rename: await client.request(packetType.rename, "/nothing", name),
          remove: await client.request(packetType.remove, name),
          opendir: await client.request(packetType.opendir, name),
        };
        const accepted = Object.entries(replies).filter(
          ([, { status }]) => status === undefined || status === statusCode.ok,
        );
        assert.deepEqual(accepted, []);
        assert.deepEqual(await readdir(home), earlier);
        assert.equal((await client.request(packetType.stat, "/")).type, packetType.attrs, "the session is over");
        await client.close();
      });
    }
  });

  describe("that wants out of its home", () => {
    test("by .. stays inside", async () => {
      const client = await openMallory();
      for (const path of ["/../../../etc/passwd", "../../../etc/passwd", "/./../x/../../etc/passwd", outside]) {
        assert.equal((await client.open(path)).status, statusCode.noSuchFile, path);
      }
      const [root] = (await client.request(packetType.realpath, "/../../..")).names;
      assert.equal(root?.name, "/");
      assert.equal((await client.request(packetType.mkdir, "/../../../made-inside", 0)).status, statusCode.ok);
      assert.ok((await readdir(story.users.mallory.home)).includes("made-inside"));
      await client.close();
    });

    test("by symbolic links that lie in its home gets nowhere", async () => {
      const { home } = story.users.mallory;
      await symlink(outside, join(home, "folder-out"));
      await symlink(join(outside, "secret.txt"), join(home, "file-out"));
      await symlink("../../outside", join(home, "relative-out"));
      await symlink(join(outside, "made.txt"), join(home, "dangling-out"));
      await symlink("/", join(home, "root-out"));
      await symlink("folder-out", join(home, "chain-out"));
      const client = await openMallory();
      const secrets = ["/file-out", "/folder-out/secret.txt", "/relative-out/secret.txt", "/chain-out/secret.txt"];
      const reads = [...secrets, "/root-out/etc/passwd", `/root-out${join(outside, "secret.txt")}`];
      for (const path of reads) {
        assertRefused(path, await client.open(path));
        assertRefused(path, await client.open(path, openFlag.write));
        assertRefused(path, await client.request(packetType.stat, path));
        assertRefused(path, await client.request(packetType.setstat, path, 4, 0o777));
      }
      for (const path of ["/dangling-out", "/folder-out/made.txt", "/root-out/tmp/made.txt"]) {
        assertRefused(path, await client.open(path, createFlags));
      }
      for (const path of ["/folder-out", "/relative-out", "/chain-out", "/root-out"]) {
        assertRefused(path, await client.request(packetType.opendir, path));
        assertRefused(path, await client.request(packetType.mkdir, `${path}/made`, 0));
        assertRefused(path, await client.request(packetType.remove, `${path}/secret.txt`));
        assertRefused(path, await client.request(packetType.rename, `${path}/secret.txt`, "/stolen.txt"));
        assertRefused(path, await client.request(packetType.rename, "/made-inside", `${path}/moved`));
      }
      await client.close();
    });

    test("by symbolic links of its own making gets nowhere", async () => {
      const client = await openMallory();
      // OpenSSH's order: target, then link. Whether links may be made at all is the server's choice.
      await client.request(packetType.symlink, join(outside, "secret.txt"), "/own-file");
      await client.request(packetType.symlink, "../../outside", "/own-folder");
      assertRefused("/own-file", await client.open("/own-file"));
      assertRefused("/own-folder", await client.open("/own-folder/secret.txt"));
      assertRefused("/own-folder", await client.open("/own-folder/made.txt", createFlags));
      await client.close();
    });

    test("by a file that becomes a link during the operation gets nowhere", async () => {
      const { sandbox, users } = story;
      await writeFile(join(users.mallory.home, "swapped"), "honest");
      const stop = startSwapping(sandbox, join(users.mallory.home, "swapped"), join(outside, "secret.txt"));
      const client = await openMallory();
      let reached = 0;
      for (let round = 0; round < 300; round += 1) {
        const replies = await Promise.all([client.open("/swapped"), client.open("/swapped", createFlags)]);
        for (const { type, bytes } of replies.filter((reply) => reply.type === packetType.handle)) {
          assert.equal(type, packetType.handle);
          const read = await client.request(packetType.read, bytes, 0n, 100);
          if (read.type === packetType.data) assert.ok(!read.bytes.toString("utf8").includes(secret));
          await client.request(packetType.write, bytes, 0n, "honest");
          await client.request(packetType.close, bytes);
          reached += 1;
        }
      }
      assert.ok((await stop()) > 0);
      assert.ok(reached > 0, "the file was never reached, so nothing was tried");
      await client.close();
    });

    test("by a folder that becomes a link during the operation gets nowhere", async () => {
      const { sandbox, users } = story;
      const folder = join(users.mallory.home, "swapped-folder");
      await mkdir(folder);
      await writeFile(join(folder, "secret.txt"), "honest");
      const stop = startSwapping(sandbox, folder, outside);
      const client = await openMallory();
      let reached = 0;
      for (let round = 0; round < 300; round += 1) {
        const [read, made, listed] = await Promise.all([
          client.open("/swapped-folder/secret.txt"),
          client.open(`/swapped-folder/made-${round}`, createFlags),
          client.request(packetType.opendir, "/swapped-folder"),
          client.request(packetType.mkdir, `/swapped-folder/dir-${round}`, 0),
          client.request(packetType.rename, "/swapped-folder/secret.txt", "/swapped-folder/secret.txt.moved"),
        ]);
        await client.request(packetType.rename, "/swapped-folder/secret.txt.moved", "/swapped-folder/secret.txt");
        if (read.type === packetType.handle) {
          const { bytes } = await client.request(packetType.read, read.bytes, 0n, 100);
          assert.ok(!bytes.toString("utf8").includes(secret));
          reached += 1;
        }
        for (const reply of [read, made, listed]) {
          if (reply.type === packetType.handle) await client.request(packetType.close, reply.bytes);
        }
      }
      assert.ok((await stop()) > 0);
      assert.ok(reached > 0, "the folder was never reached, so nothing was tried");
      await client.close();
    });
  });
});

function assertRefused(path: string, reply: { readonly type: number; readonly status: number | undefined }): void {
  assert.equal(reply.type, packetType.status, `${path} led somewhere`);
  assert.notEqual(reply.status, statusCode.ok, `${path} led somewhere`);
}

function afterBanner(...bytes: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from("SSH-2.0-hostile\r\n"), ...bytes]);
}

/** A path, then attributes that claim 4 billion extended pairs. */
function wildAttributes(): Uint8Array {
  return Buffer.concat([uint32(1), Buffer.from("/"), uint32(0x8000_0000), uint32(0xffff_ffff)]);
}

async function connectTo(port: number): Promise<Socket> {
  // From an address of its own: how many connections one address may have is limited, and others share 127.0.0.1.
  const socket = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  // The server may reset the connection while we still write.
  socket.on("error", () => undefined);
  socket.resume();
  await once(socket, "connect");
  return socket;
}

/** Rejects unless the server ends the connection in a bounded time. */
async function ended(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
}

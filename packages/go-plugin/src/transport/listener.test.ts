import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openListener } from "./listener.ts";
import type { Listener } from "./listener.ts";

async function closeListener(listener: Listener): Promise<void> {
  listener.server.close();
  await once(listener.server, "close");
  listener.removeFiles();
}

function pathOf(listener: Listener): string {
  assert.equal(listener.address.network, "unix");
  return listener.address.network === "unix" ? listener.address.path : "";
}

describe("openListener on a unix socket", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "listener-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("makes a private folder in the temporary folder and removes it", async () => {
    const listener = await openListener({ temporaryFolder: folder });
    const path = pathOf(listener);
    assert.equal(dirname(dirname(path)), folder);
    assert.equal((await stat(dirname(path))).mode & 0o777, 0o700);
    assert.ok((await stat(path)).isSocket());
    await closeListener(listener);
    assert.deepEqual(await readdir(folder), []);
  });

  it("uses the host's folder and removes the socket only", async () => {
    const listener = await openListener({ folder });
    assert.equal(dirname(pathOf(listener)), folder);
    await closeListener(listener);
    assert.deepEqual(await readdir(folder), []);
  });

  it("removes a folder of its own with the sockets that others left in it", async () => {
    const own = join(folder, "own");
    await mkdir(own);
    const listener = await openListener({ folder: own, ownsFolder: true });
    const left = createServer().listen(join(own, "left"));
    await once(left, "listening");
    await closeListener(listener);
    assert.deepEqual(await readdir(folder), []);
    left.close();
  });

  it("leaves a folder of its own that has something else in it", async () => {
    const own = join(folder, "own");
    await mkdir(own);
    await writeFile(join(own, "file"), "");
    await closeListener(await openListener({ folder: own, ownsFolder: true }));
    assert.deepEqual(await readdir(own), ["file"]);
    await rm(own, { recursive: true });
  });

  it("opens the socket to the host's group", async () => {
    const gid = process.getgid?.() ?? 0;
    const listener = await openListener({ folder, group: String(gid) });
    const facts = await stat(pathOf(listener));
    assert.equal(facts.mode & 0o777, 0o660);
    assert.equal(facts.gid, gid);
    await closeListener(listener);
  });

  it("refuses a group that does not exist and leaves nothing", async () => {
    await assert.rejects(openListener({ temporaryFolder: folder, group: "no-such-group" }), {
      code: "ERR_LISTEN_FAILED",
      message: /failed to find gid from "no-such-group"/,
    });
    assert.deepEqual(await readdir(folder), []);
  });

  it("falls back to /tmp when the temporary folder is too long for a socket address", async () => {
    const long = join(folder, "x".repeat(100));
    await mkdir(long);
    const listener = await openListener({ temporaryFolder: long, folder: long });
    assert.match(pathOf(listener), /^\/tmp\/fairlead-plugin-/);
    await closeListener(listener);
    await rm(long, { recursive: true });
  });

  it("falls back to /tmp when there is no temporary folder, or it does not exist", async () => {
    for (const place of [{}, { temporaryFolder: join(folder, "absent") }]) {
      const listener = await openListener(place);
      assert.match(pathOf(listener), /^\/tmp\/fairlead-plugin-/);
      await closeListener(listener);
      assert.equal(existsSync(dirname(pathOf(listener))), false);
    }
  });
});

describe("openListener on Windows", () => {
  it("takes the first free port of the host's range", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const listener = await openListener({ ports: { min: port, max: port + 20 } }, createServer, "win32");
    assert.ok(listener.address.network === "tcp" && listener.address.port > port && listener.address.port <= port + 20);
    await closeListener(listener);
    taken.close();
  });

  it("takes any port when the host gave no range", async () => {
    const listener = await openListener({}, createServer, "win32");
    assert.ok(listener.address.network === "tcp" && listener.address.port > 0);
    await closeListener(listener);
  });

  it("refuses a range that is none", async () => {
    await assert.rejects(openListener({ ports: { min: 9, max: 8 } }, createServer, "win32"), {
      code: "ERR_LISTEN_FAILED",
      message: /PLUGIN_MIN_PORT value of 9 is greater than PLUGIN_MAX_PORT value of 8/,
    });
  });
});

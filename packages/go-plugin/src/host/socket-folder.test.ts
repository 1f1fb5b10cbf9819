import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, it } from "node:test";
import { createSocketFolder, removeAdvertisedSocket, removeSocketFolder } from "./socket-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "socket-folder-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A socket that stays behind as a file, as a killed plugin leaves it. */
async function listenAt(path: string): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return server;
}

it("removes a socket named as go-plugin names them", async () => {
  const path = join(folder, "plugin123456");
  const server = await listenAt(path);
  removeAdvertisedSocket(path);
  assert.equal(existsSync(path), false);
  server.close();
});

it("removes a socket in a plugin's own folder together with the folder", async () => {
  const own = createSocketFolder()!;
  const server = await listenAt(join(own, "s"));
  removeAdvertisedSocket(join(own, "s"));
  assert.equal(existsSync(own), false);
  server.close();
});

it("leaves the socket of another service that a plugin advertised", async () => {
  const path = join(folder, "database.sock");
  const server = await listenAt(path);
  removeAdvertisedSocket(path);
  assert.equal(existsSync(path), true);
  server.close();
});

it("makes folders that are private and can be removed", () => {
  const made = createSocketFolder()!;
  assert.match(basename(made), /^fairlead-plugin-/);
  assert.ok(existsSync(dirname(made)));
  removeSocketFolder(made);
  assert.equal(existsSync(made), false);
});

import assert from "node:assert/strict";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, it } from "node:test";
import { createSocketFolder, removeAdvertisedSocket, removeSocketFolder } from "./socket-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "socket-folder-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A socket that stays behind as a file, as a killed plugin leaves it, when the host then removes what was advertised. */
async function isLeft(path: string): Promise<boolean> {
  const server = createServer().unref();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  removeAdvertisedSocket(path);
  const left = existsSync(path);
  await new Promise((resolve) => server.close(resolve));
  return left;
}

it("removes the socket of a plugin before go-plugin 1.5", async () => {
  const name = `plugin${Math.floor(Math.random() * 1e9)}`;
  assert.equal(await isLeft(join(tmpdir(), name)), false);
});

it("leaves other sockets that a plugin advertised", async () => {
  const another = createSocketFolder()!;
  assert.equal(await isLeft(join(folder, "plugin123456")), true, "in another folder");
  assert.equal(await isLeft(join(tmpdir(), `database-${process.pid}.sock`)), true, "of another name");
  assert.equal(await isLeft(join(another, "plugin123456")), true, "of another plugin");
  removeSocketFolder(another);
});

it("leaves what is not a socket", () => {
  const path = join(tmpdir(), `plugin${Math.floor(Math.random() * 1e9)}`);
  writeFileSync(path, "");
  removeAdvertisedSocket(path);
  assert.equal(existsSync(path), true);
  rmSync(path);
});

it("leaves the socket of another account", { skip: process.getuid?.() !== 0 && "needs root" }, async () => {
  const path = join(tmpdir(), `plugin${Math.floor(Math.random() * 1e9)}`);
  const server = createServer().unref();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chownSync(path, 65_534, 65_534);
  removeAdvertisedSocket(path);
  assert.equal(existsSync(path), true);
  await new Promise((resolve) => server.close(resolve));
});

it("makes folders that are private and can be removed", () => {
  const made = createSocketFolder()!;
  assert.match(basename(made), /^fairlead-plugin-/);
  assert.ok(existsSync(dirname(made)));
  removeSocketFolder(made);
  assert.equal(existsSync(made), false);
});

/** The README's plugins of each kind do what it says they do, in processes of their own. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import type { PluginType } from "../src/serve/served-kind.ts";
import {
  logInByKeyboard,
  makeDecryptRequest,
  makeEncryptRequest,
  makeFsEvent,
  makeGateRequest,
  makePasswordCheck,
  makeUnknownUser,
  readUser,
  spawnPlugin,
} from "../src/testing/index.ts";
import type { SpawnedPlugin } from "../src/testing/index.ts";
import { CodeFolder, codeBlocks } from "./readme-code.ts";

const isRefusal = (error: unknown): boolean => GrpcError.is(error, "PERMISSION_DENIED");

/** The block that says its name in its first line. */
function codeOf(name: string): string {
  return codeBlocks("ts").find((code) => code.startsWith(`// ${name}\n`)) ?? assert.fail(`the README has no ${name}`);
}

async function spawnFromReadme<Kind extends PluginType>(
  folder: CodeFolder,
  name: string,
  kind: Kind,
  env: Readonly<Record<string, string>> = {},
): Promise<SpawnedPlugin<Kind>> {
  const args = ["--conditions=source", folder.add(name, codeOf(name))];
  return await spawnPlugin({ command: process.execPath, args, env, kinds: [kind] });
}

test("auth: who has the right password gets in, and a user when there was none", async () => {
  using folder = new CodeFolder();
  await using plugin = await spawnFromReadme(folder, "directory.ts", "auth");
  const { auth } = plugin.clients;
  const known = makePasswordCheck({ username: "ann", password: "correct horse" });
  assert.equal(readUser(await auth.checkPassword(known)), undefined);
  const unknown = makePasswordCheck({ user: makeUnknownUser("ann"), password: "correct horse" });
  assert.deepEqual(readUser(await auth.checkPassword(unknown)), {
    status: 1,
    permissions: { "/": ["*"] },
    username: "ann",
    home_dir: "/srv/sftp/ann",
  });
  await assert.rejects(auth.checkPassword({ ...known, password: "wrong" }), isRefusal);
});

test("auth: a keyboard-interactive login takes the password, a token and a colour", async () => {
  using folder = new CodeFolder();
  await using plugin = await spawnFromReadme(folder, "tokens.ts", "auth");
  const logIn = (token: string, password: string): Promise<boolean> =>
    logInByKeyboard(plugin.clients.auth, {
      answer: ({ checkPassword }) => (checkPassword === 1 ? [password] : [token, "blue"]),
      password: "pw",
    });
  assert.equal(await logIn("4711", "pw"), true);
  assert.equal(await logIn("4712", "pw"), false);
  assert.equal(await logIn("4711", "wrong"), false);
});

test("auth: the test without a server passes", () => {
  using folder = new CodeFolder();
  const file = folder.add("tokens.test.ts", codeOf("tokens.test.ts"));
  const run = spawnSync(process.execPath, ["--conditions=source", file], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
});

test("kms: secrets go in and come out, for whom they belong to", async () => {
  using folder = new CodeFolder();
  await using plugin = await spawnFromReadme(folder, "sealed.ts", "kms", { SEALED_KEY: "4b".repeat(32) });
  const { kms } = plugin.clients;
  const sealed = await kms.encrypt(makeEncryptRequest({ payload: "höchst geheim", additionalData: "ann" }));
  assert.equal(await kms.decrypt(makeDecryptRequest({ ...sealed, additionalData: "ann" })), "höchst geheim");
  await assert.rejects(kms.decrypt(makeDecryptRequest({ ...sealed, additionalData: "bob" })), GrpcError);
});

test("kms: the plugin says what it lacks", async () => {
  using folder = new CodeFolder();
  await assert.rejects(spawnFromReadme(folder, "sealed.ts", "kms"), /SEALED_KEY must be 64 hexadecimal digits/);
});

test("ipfilter: who is on the list does not get in, nor who was put there since", async () => {
  using folder = new CodeFolder();
  const list = folder.add("list", "192.0.2.1\n2001:db8::1\n");
  await using plugin = await spawnFromReadme(folder, "blocked.ts", "ipfilter", { BLOCKED_FILE: list });
  const { ipfilter } = plugin.clients;
  await ipfilter.checkIp("192.0.2.2", "SSH");
  await assert.rejects(ipfilter.checkIp("2001:db8::1", "SSH"), isRefusal);
  writeFileSync(list, "192.0.2.2\n");
  await ipfilter.reload();
  await assert.rejects(ipfilter.checkIp("192.0.2.2", "HTTP"), isRefusal);
});

test("gate: the archive keeps everything, and the notifier beside it is told", async () => {
  using folder = new CodeFolder();
  await using plugin = await spawnFromReadme(folder, "archive.ts", "notifier");
  assert.deepEqual(plugin.info?.services, ["fairlead.Gate"]);
  const virtualPath = "/archive/2026.txt";
  assert.deepEqual(await plugin.gate.check(makeGateRequest({ operation: "upload", virtualPath })), { allowed: true });
  assert.deepEqual(await plugin.gate.check(makeGateRequest({ operation: "delete", virtualPath })), {
    allowed: false,
    message: "the archive keeps everything",
  });
  await plugin.clients.notifier.sendFsEvent(makeFsEvent());
});

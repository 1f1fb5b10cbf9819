import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, test } from "node:test";

import { runCli } from "../src/cli/run-cli.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-admin-cli-"));
  writeFileSync(
    join(folder, "fairlead.json"),
    JSON.stringify({ data_provider: { password_hashing: { bcrypt_options: { cost: 4 } } } }),
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function run(args: readonly string[], input = ""): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = "";
  let stderr = "";
  const code = await runCli(["admin", ...args], {
    env: { SFTPGO_CONFIG_DIR: folder },
    stdin: Readable.from([input]) as unknown as NodeJS.ReadStream,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

test("an administrator is added with the password from standard input and listed without it", async () => {
  const added = await run(["add", "root"], "sesame\n");
  assert.deepEqual(added, { code: 0, stdout: 'admin "root" added, permissions *\n', stderr: "" });
  assert.equal((await run(["list"])).stdout, "root\tenabled\t*\tno role\n");
  const document = JSON.parse((await run(["list", "--json"])).stdout) as Record<string, unknown>;
  assert.equal(document["username"], "root");
  assert.ok(!("password" in document));
});

test("permissions, role and addresses of an administrator come from options", async () => {
  await run(
    ["add", "audit", "--permissions", "view_events, ", "--role", "r1", "--allow-from", "::1,192.0.2.0/24"],
    "x",
  );
  const document = JSON.parse((await run(["list", "--json"])).stdout) as Record<string, unknown>;
  assert.deepEqual(document["permissions"], ["view_events"]);
  assert.equal(document["role"], "r1");
  assert.deepEqual(document["filters"], { allow_list: ["::1", "192.0.2.0/24"] });
});

test("an administrator who is not there is named, and no password is asked for", async () => {
  for (const args of [
    ["passwd", "ghost"],
    ["rm", "ghost"],
  ]) {
    assert.deepEqual(await run(args), { code: 1, stdout: "", stderr: 'fairlead: there is no admin "ghost"\n' });
  }
});

test("an administrator is removed, and another of the name can be added", async () => {
  await run(["add", "root"], "a");
  assert.equal((await run(["add", "root"], "b")).stderr, 'fairlead: there is already an admin "root"\n');
  assert.equal((await run(["rm", "root"])).code, 0);
  assert.equal((await run(["add", "root"], "b")).code, 0);
});

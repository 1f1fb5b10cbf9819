import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import type { Login, OpenSsh } from "./openssh.ts";
import type { Sandbox } from "./sandbox.ts";
import { runCommand } from "./server.ts";
import type { ServerConfig } from "./server-config.ts";

export interface TestUser {
  readonly name: string;
  readonly home: string;
  readonly password: string;
  /** Gets in with the user's key. */
  readonly byKey: Login;
  readonly byPassword: Login;
}

/** Adds a user with a key and a password the way an operator does: `fairlead user add`. */
export async function addUser(
  sandbox: Sandbox,
  openSsh: OpenSsh,
  config: ServerConfig,
  name: string,
): Promise<TestUser> {
  const home = sandbox.path("homes", name);
  await mkdir(home, { recursive: true });
  const password = `correct horse ${name}`;
  const { keyFile, publicKey } = await openSsh.makeKey(name);
  const passwordFile = await sandbox.write(`keys/${name}.password`, `${password}\n`);
  const ways = ["--public-key", publicKey, "--password-file", passwordFile];
  const added = await runCommand(sandbox, config.file, ["user", "add", name, "--home-dir", home, ...ways]);
  assert.equal(added.code, 0, `user add: ${added.stdout}${added.stderr}`);
  return { name, home, password, byKey: { user: name, keyFile }, byPassword: { user: name, password } };
}

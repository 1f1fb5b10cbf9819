import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import {
  makeKey,
  publicKeyOf,
  sftp,
  ssh,
  type ClientOptions,
  type ClientResult,
  type Credentials,
} from "./fixtures/openssh.ts";
import { type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

let server: SshTestServer;

beforeEach(async () => {
  server = await startSshTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function client(username: string, credentials: Credentials, options: readonly string[] = []): ClientOptions {
  return { port: server.port, folder: server.folder, username, credentials, options, input: "pwd\n" };
}

async function addUser(username: string, more: Record<string, unknown> = {}): Promise<void> {
  await server.users.add({ username, status: 1, permissions: { "/": ["*"] }, ...more });
}

function assertLoggedIn(result: ClientResult): void {
  assert.equal(result.code, 0, result.stderr);
  assert.match(result.stdout, /Remote working directory: \//);
}

function assertRefused(result: ClientResult): void {
  assert.equal(result.code, 255);
  assert.match(result.stderr, /Permission denied/);
}

/** Events are published when the server sees the connection end, which may be after the client's exit. */
async function eventsAfterEnd(): Promise<readonly string[]> {
  await server.server.close();
  return server.logEvents;
}

describe("a login over SSH", () => {
  test("with the right password succeeds and is event 5", async () => {
    await addUser("full", { password: "secret" });
    assertLoggedIn(await sftp(client("full", { password: "secret" })));
    assert.deepEqual(await eventsAfterEnd(), ["5 full"]);
    assert.ok(Number((await server.users.find("full"))?.document["last_login"]) > 0);
  });

  test("with a wrong password is refused and is event 1", async () => {
    await addUser("full", { password: "secret" });
    assertRefused(await sftp(client("full", { password: "wrong" })));
    assert.deepEqual(await eventsAfterEnd(), ["1 full invalid credentials"]);
  });

  test("of an unknown user is refused and is event 2", async () => {
    assertRefused(await sftp(client("ghost", { password: "secret" })));
    assert.deepEqual(await eventsAfterEnd(), ["2 ghost not found: sql: no rows in result set"]);
  });

  for (const [type, bits] of [["ed25519"], ["rsa", 3072], ["ecdsa", 256], ["ecdsa", 384], ["ecdsa", 521]] as const) {
    test(`with a right ${type} ${bits ?? ""} key succeeds`, async () => {
      const key = makeKey(server.folder, "key", type, bits);
      await addUser("full", { public_keys: [publicKeyOf(key)] });
      assertLoggedIn(await sftp(client("full", { keyFiles: [key] })));
      assert.deepEqual(await eventsAfterEnd(), ["5 full"]);
    });
  }

  test("with two wrong keys is one event 1, at the end", async () => {
    const keys = [makeKey(server.folder, "one"), makeKey(server.folder, "two")];
    await addUser("full", { public_keys: [publicKeyOf(makeKey(server.folder, "right"))] });
    assertRefused(await sftp(client("full", { keyFiles: keys })));
    assert.deepEqual(await eventsAfterEnd(), [
      "1 full Authentication error: could not validate public key credentials: invalid credentials",
    ]);
  });

  test("with a wrong key and then the right password is event 5 alone", async () => {
    const key = makeKey(server.folder, "wrong");
    await addUser("full", { password: "secret" });
    const options = ["PreferredAuthentications=publickey,password", `IdentityFile=${key}`];
    assertLoggedIn(await sftp(client("full", { password: "secret" }, options)));
    assert.deepEqual(await eventsAfterEnd(), ["5 full"]);
  });

  test("with a wrong key and a wrong password is two events, the key's last", async () => {
    const key = makeKey(server.folder, "wrong");
    await addUser("full", { password: "secret" });
    const options = ["PreferredAuthentications=publickey,password", `IdentityFile=${key}`];
    assertRefused(await sftp(client("full", { password: "no" }, options)));
    assert.deepEqual(await eventsAfterEnd(), [
      "1 full invalid credentials",
      "1 full Authentication error: could not validate public key credentials: invalid credentials",
    ]);
  });

  test("of an unknown user with a key is event 2 with the key's text", async () => {
    const key = makeKey(server.folder, "key");
    assertRefused(await sftp(client("ghost", { keyFiles: [key] })));
    assert.deepEqual(await eventsAfterEnd(), [
      "2 ghost Authentication error: could not validate public key credentials: not found: sql: no rows in result set",
    ]);
  });

  test("by keyboard-interactive asks for the password", async () => {
    await addUser("full", { password: "secret" });
    const options = ["PreferredAuthentications=keyboard-interactive"];
    assertLoggedIn(await sftp(client("full", { password: "secret" }, options)));
    assertRefused(await sftp(client("full", { password: "wrong" }, options)));
    assert.deepEqual(await eventsAfterEnd(), ["5 full", "1 full invalid credentials"]);
  });

  test("of a disabled user is refused with the right key and with the right password", async () => {
    const key = makeKey(server.folder, "key");
    await addUser("disabled", { status: 0, password: "secret", public_keys: [publicKeyOf(key)] });
    assertRefused(await sftp(client("disabled", { keyFiles: [key] })));
    assertRefused(await sftp(client("disabled", { password: "secret" })));
    assert.deepEqual(await eventsAfterEnd(), [
      '1 disabled Authentication error: could not validate public key credentials: user "disabled" is disabled',
      '1 disabled user "disabled" is disabled',
    ]);
  });

  test("from a denied address is event 1 with a password and no event with a key", async () => {
    const key = makeKey(server.folder, "key");
    await addUser("ipd", {
      password: "secret",
      public_keys: [publicKeyOf(key)],
      filters: { denied_ip: ["127.0.0.0/8"] },
    });
    assertRefused(await sftp(client("ipd", { keyFiles: [key] })));
    assertRefused(await sftp(client("ipd", { password: "secret" })));
    assert.deepEqual(await eventsAfterEnd(), [
      '1 ipd login for user "ipd" is not allowed from this address: 127.0.0.1',
    ]);
  });

  test("of a user whose single steps are all denied needs key and password", async () => {
    const key = makeKey(server.folder, "key");
    const single = ["publickey", "password", "keyboard-interactive"];
    await addUser("multi", {
      password: "secret",
      public_keys: [publicKeyOf(key)],
      filters: { denied_login_methods: single },
    });
    const both = ["PreferredAuthentications=publickey,password", `IdentityFile=${key}`];
    assertLoggedIn(await sftp(client("multi", { password: "secret" }, both)));
    assertRefused(await sftp(client("multi", { keyFiles: [key] })));
    assertRefused(await sftp(client("multi", { password: "secret" })));
    assert.deepEqual(await eventsAfterEnd(), [
      "5 multi",
      '1 multi login method "password" is not allowed for user "multi"',
    ]);
  });

  test("ends after six wrong passwords", async () => {
    await addUser("full", { password: "secret" });
    const result = await sftp(client("full", { password: "no" }, ["NumberOfPasswordPrompts=9"]));
    assert.equal(result.code, 255);
    assert.equal((await eventsAfterEnd()).length, 6);
  });
});

describe("a client without a common algorithm", () => {
  for (const [option, text] of [
    ["KexAlgorithms=diffie-hellman-group1-sha1", "key exchange"],
    ["Ciphers=aes128-cbc", "client to server cipher"],
    ["MACs=hmac-sha1", "client to server MAC"],
  ] as const) {
    test(`${option} is event 4`, async () => {
      // A MAC only matters with a cipher that does not authenticate.
      const options = [option, ...(option.startsWith("MACs") ? ["Ciphers=aes128-ctr"] : [])];
      const result = await ssh(client("full", { password: "x" }, options), "true");
      assert.equal(result.code, 255);
      const [event = ""] = await eventsAfterEnd();
      const offered = option.slice(option.indexOf("=") + 1);
      assert.match(
        event,
        new RegExp(`^4 {2}ssh: no common algorithm for ${text}; we offered: \\[.+\\], peer offered: \\[${offered}`),
      );
    });
  }
});

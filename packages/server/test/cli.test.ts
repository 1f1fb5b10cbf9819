import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, test } from "node:test";

import { runCli } from "../src/cli/run-cli.ts";
import { fairlead, type ProcessResult } from "./fixtures/fairlead-process.ts";
import { makeKey, publicKeyOf } from "./fixtures/openssh.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-cli-"));
  writeFileSync(
    join(folder, "fairlead.json"),
    JSON.stringify({ data_provider: { password_hashing: { bcrypt_options: { cost: 4 } } } }),
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The command line in this process; what it shares with the real one is shown by the tests of "the program". */
async function run(args: readonly string[], input = "", env: Record<string, string> = {}): Promise<ProcessResult> {
  let stdout = "";
  let stderr = "";
  const code = await runCli(args, {
    env: { SFTPGO_CONFIG_DIR: folder, ...env },
    stdin: Readable.from([input]) as unknown as NodeJS.ReadStream,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

async function addAlice(): Promise<void> {
  const result = await run(["user", "add", "alice", "--home-dir", "/srv/alice"], "secret\n");
  assert.equal(result.code, 0, result.stderr);
}

function writeDocument(document: Record<string, unknown>): string {
  const file = join(folder, "user.json");
  writeFileSync(file, JSON.stringify(document));
  return file;
}

/** Of the only user there is. */
async function permissions(): Promise<unknown> {
  const line = (await run(["user", "list", "--json"])).stdout;
  return (JSON.parse(line) as Record<string, unknown>)["permissions"];
}

function assertFailure(result: ProcessResult, code: number, message: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, message);
  assert.equal(result.stderr.trim().split("\n").length, 1, `one line expected: ${result.stderr}`);
}

describe("fairlead", () => {
  test("--help shows the first steps", async () => {
    const { code, stdout } = await run(["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /fairlead user add alice --home-dir/);
  });

  test("--version is the package's version", async () => {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    const { code, stdout } = await run(["--version"]);
    assert.equal(code, 0);
    assert.equal(stdout.trim(), (JSON.parse(manifest) as { readonly version: string }).version);
  });

  for (const [what, args, message] of [
    ["an unknown command", ["dance"], "unknown command 'dance'"],
    ["an unknown option", ["serve", "--fast"], "unknown option '--fast'"],
    ["a misspelt command", ["sreve"], "unknown command 'sreve' (Did you mean serve?)"],
    ["a missing argument", ["user", "add"], "missing required argument 'username'"],
    [
      "a value that is none of the choices",
      ["serve", "--log-level", "loud"],
      "option '--log-level <level>' argument 'loud' is invalid. Allowed choices are trace, debug, info, warn, error.",
    ],
  ] as const) {
    test(`${what} is wrong usage, said in one line`, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(stderr, `fairlead: ${message}; --help shows what is possible\n`);
      assert.equal(stdout, "");
      assert.equal(code, 2);
    });
  }

  test("a missing command is wrong usage and shows the help", async () => {
    const { code, stderr } = await run(["user"]);
    assert.equal(code, 2);
    assert.match(stderr, /^Usage: fairlead user/);
    assert.equal(stderr.includes("fairlead: "), false);
  });
});

describe("fairlead user", () => {
  test("add stores a hashed password read from stdin, list shows the user", async () => {
    await addAlice();
    const { stdout } = await run(["user", "list"]);
    assert.equal(stdout, "alice\tenabled\tpassword\t/srv/alice\n");
    const database = readFileSync(join(folder, "fairlead.db"), "latin1");
    assert.equal(database.includes('"secret"'), false);
  });

  test("list --json shows documents without passwords", async () => {
    await addAlice();
    const { stdout } = await run(["user", "list", "--json"]);
    const document = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(document["username"], "alice");
    assert.equal(document["has_password"], true);
    assert.equal("password" in document, false);
    assert.deepEqual(document["permissions"], { "/": ["*"] });
  });

  test("add takes keys, a document and a list of permissions", async () => {
    const key = makeKey(folder, "key");
    writeFileSync(join(folder, "user.json"), JSON.stringify({ max_sessions: 3, new_field: { kept: true } }));
    const flags = [
      "--public-key",
      `${key}.pub`,
      "--permissions",
      "list,download",
      "--document",
      join(folder, "user.json"),
    ];
    const added = await run(["user", "add", "bob", "--home-dir", join(folder, "home"), ...flags]);
    assert.equal(added.code, 0, added.stderr);
    const document = JSON.parse((await run(["user", "list", "--json"])).stdout) as Record<string, unknown>;
    assert.deepEqual(document["public_keys"], [publicKeyOf(key)]);
    assert.deepEqual(document["permissions"], { "/": ["list", "download"] });
    assert.deepEqual(document["new_field"], { kept: true });
    assert.equal(document["max_sessions"], 3);
    assert.equal(document["has_password"], false);
    assert.equal(document["home_dir"], join(folder, "home"));
  });

  test("add takes the permissions of a document, and those of the option over them", async () => {
    const file = writeDocument({ home_dir: "/x", username: "bob", permissions: { "/": ["list"], "/a": ["*"] } });
    assert.equal((await run(["user", "add", "bob", "--document", file])).code, 0);
    assert.deepEqual(await permissions(), { "/": ["list"], "/a": ["*"] });
    await run(["user", "rm", "bob"]);
    assert.equal((await run(["user", "add", "bob", "--document", file, "--permissions", "download"])).code, 0);
    assert.deepEqual(await permissions(), { "/": ["download"] });
  });

  test("add warns of a user with nothing to log in with", async () => {
    const file = writeDocument({ home_dir: "/srv/bob", permissions: { "/": ["*"] } });
    const { code, stderr } = await run(["user", "add", "bob", "--document", file]);
    assert.equal(code, 0);
    assert.match(stderr, /^fairlead: warning: no password and no public key, fairlead user passwd bob sets one/);
    const whole = writeDocument({ home_dir: "/srv/carol", permissions: { "/": ["*"] }, password: "correct horse" });
    assert.equal((await run(["user", "add", "carol", "--document", whole])).stderr, "");
  });

  test("add names unknown fields of a document and allows nothing by default", async () => {
    const file = writeDocument({ home_dir: "/x", permisions: { "/": ["list"] }, colour: 1 });
    const { code, stderr } = await run(["user", "add", "bob", "--document", file]);
    assert.equal(code, 1);
    assert.deepEqual(stderr.trim().split("\n"), [
      `fairlead: warning: ${file}: unknown field "permisions" means nothing; did you mean "permissions"?`,
      `fairlead: warning: ${file}: unknown field "colour" means nothing`,
      'fairlead: permissions for the root dir "/" must be set',
    ]);
  });

  test("add refuses the document of another user", async () => {
    const file = writeDocument({ username: "carol", home_dir: "/x", permissions: { "/": ["*"] } });
    assertFailure(await run(["user", "add", "bob", "--document", file]), 2, /of the user "carol", not of "bob"/);
  });

  test("add refuses a private key without showing it", async () => {
    const key = makeKey(folder, "key");
    const result = await run(["user", "add", "bob", "--home-dir", "/x", "--public-key", key]);
    assertFailure(result, 2, /key is a private key: give the public one, .*key\.pub$/m);
    assert.equal(result.stderr.includes("BEGIN"), false);
  });

  for (const [what, args, message] of [
    ["a user that exists", ["add", "alice", "--home-dir", "/x"], /already a user "alice"/],
    ["a missing home", ["add", "bob"], /home_dir is mandatory/],
    ["a user that is not there", ["passwd", "ghost"], /no user "ghost"/],
    ["a missing configuration file", ["passwd", "alice", "--config-file", "no.json"], /no\.json does not exist/],
  ] as const) {
    test(`says of ${what} before a password is asked for`, async () => {
      await addAlice();
      let stderr = "";
      const stdin = new Readable({ read: () => assert.fail("the password is read") }) as unknown as NodeJS.ReadStream;
      const terminal = {
        stdin,
        stdout: { write: () => undefined },
        stderr: { write: (text: string) => (stderr += text) },
      };
      const code = await runCli(["user", ...args], { ...terminal, env: { SFTPGO_CONFIG_DIR: folder } });
      assert.equal(code, 1);
      assert.match(stderr, message);
    });
  }

  test("passwd replaces the password from a file", async () => {
    await addAlice();
    const before = readFileSync(join(folder, "fairlead.db"));
    writeFileSync(join(folder, "new.txt"), "other\r\nsecond line\n");
    const result = await run(["user", "passwd", "alice", "--password-file", join(folder, "new.txt")]);
    assert.equal(result.code, 0, result.stderr);
    assert.notDeepEqual(readFileSync(join(folder, "fairlead.db")), before);
  });

  test("rm removes the user", async () => {
    await addAlice();
    assert.equal((await run(["user", "rm", "alice"])).code, 0);
    assert.equal((await run(["user", "list"])).stdout, "");
  });

  test("refuses a second user of the same name", async () => {
    await addAlice();
    const again = await run(["user", "add", "alice", "--home-dir", "/srv/x"], "secret\n");
    assertFailure(again, 1, /^fairlead: there is already a user "alice"/);
  });

  for (const [what, args, input, code, message] of [
    ["an empty password", ["add", "a", "--home-dir", "/x"], "\n", 2, /the password is empty/],
    ["a password too long for bcrypt", ["add", "a", "--home-dir", "/x"], "x".repeat(80), 1, /bcrypt takes at most 72/],
    ["a missing home", ["add", "a"], "pw\n", 1, /mandatory: give one \(--home-dir\), or set .*users_base_dir$/m],
    ["an unknown permission", ["add", "a", "--home-dir", "/x", "--permissions", "fly"], "pw\n", 1, /"fly"/],
    [
      "a key that is none",
      ["add", "a", "--home-dir", "/x", "--public-key", "ssh-ed25519 nonsense"],
      "",
      1,
      /public key 1/,
    ],
    [
      "a key file that is missing",
      ["add", "a", "--home-dir", "/x", "--public-key", "no.pub"],
      "",
      2,
      /no\.pub: no such file/,
    ],
    ["a folder as a key file", ["add", "a", "--home-dir", "/x", "--public-key", "/"], "", 2, /file \/: EISDIR/],
    ["a missing password file", ["add", "a", "--home-dir", "/x", "--password-file", "no.txt"], "", 2, /no\.txt/],
    ["a user that is not there", ["passwd", "ghost"], "pw\n", 1, /no user "ghost"/],
    ["removing a user that is not there", ["rm", "ghost"], "", 1, /no user "ghost"/],
    ["a reserved name", ["add", "__self__", "--home-dir", "/x"], "pw\n", 1, /reserved/],
    ["a missing document", ["add", "a", "--document", "no.json"], "", 2, /no\.json/],
  ] as const) {
    test(`refuses ${what} in one line`, async () => {
      assertFailure(await run(["user", ...args], input), code, message);
    });
  }
});

describe("the program", () => {
  test("reads the password from its stdin and finds its database by folder, option or variable", async () => {
    const added = await fairlead(["user", "add", "alice", "--home-dir", "home"], { cwd: folder, input: "secret\n" });
    assert.equal(added.code, 0, added.stderr);
    const elsewhere = mkdtempSync(join(folder, "elsewhere-"));
    const byOption = await fairlead(["user", "list", "-c", folder], { cwd: elsewhere });
    const byVariable = await fairlead(["user", "list"], { cwd: elsewhere, env: { SFTPGO_CONFIG_DIR: folder } });
    assert.equal(byOption.stdout, `alice\tenabled\tpassword\t${join(folder, "home")}\n`);
    assert.equal(byVariable.stdout, byOption.stdout);
  });

  test("ends with code 2 for wrong usage and 1 for a failure", async () => {
    assert.equal((await fairlead(["dance"], { cwd: folder })).code, 2);
    assert.equal((await fairlead(["user", "rm", "ghost"], { cwd: folder })).code, 1);
  });
});

describe("fairlead serve refuses to start, in one line and with code 1,", () => {
  for (const [what, text, message] of [
    ["a file that is no JSON", '{\n  "common": {,\n}', /fairlead\.json, line 2: /],
    [
      "a value of the wrong type",
      '{"common":{"idle_timeout":"soon"}}',
      /fairlead\.json: common\.idle_timeout = "soon"/,
    ],
    ["a mode that does not exist", '{"common":{"upload_mode":7}}', /common\.upload_mode = 7: expected one of 0, 1, 2/],
    ["a setting it cannot honour", '{"common":{"defender":{"enabled":true}}}', /common\.defender\.enabled = true/],
    ["another data provider", '{"data_provider":{"driver":"mysql"}}', /data_provider\.driver = "mysql": only sqlite/],
    ["no usable algorithm", '{"sftpd":{"ciphers":["aes128-cbc"]}}', /sftpd\.ciphers = \["aes128-cbc"\]/],
    [
      "a plugin that is not there",
      '{"plugins":[{"type":"notifier","cmd":"/nowhere/plugin","notifier_options":{"log_events":[1]}}]}',
      /\/nowhere\/plugin|plugin/,
    ],
    ["nothing to listen on", '{"sftpd":{"bindings":[]}}', /sftpd\.bindings has no port/],
    ["every port switched off", '{"sftpd":{"bindings":[{"port":0},{"port":0}]}}', /sftpd\.bindings has no port/],
    ["a banner that is not there", '{"sftpd":{"login_banner_file":"no.txt"}}', /login_banner_file .*no\.txt/],
  ] as const) {
    test(what, async () => {
      writeFileSync(join(folder, "fairlead.json"), text);
      assertFailure(await run(["serve", "--log-level", "error"]), 1, message);
    });
  }

  test("a host key that cannot be read", async () => {
    writeFileSync(join(folder, "id_ed25519"), "not a key");
    writeFileSync(join(folder, "fairlead.json"), '{"sftpd":{"host_keys":["id_ed25519"]}}');
    assertFailure(await run(["serve", "--log-level", "error"]), 1, /cannot use the host key .*id_ed25519/);
    assert.equal(readFileSync(join(folder, "id_ed25519"), "utf8"), "not a key");
  });

  test("a configuration file that is not there", async () => {
    assertFailure(await run(["serve", "--config-file", "no.yaml"]), 1, /no\.yaml does not exist/);
  });

  test("a bad variable, naming it", async () => {
    const result = await run(["serve"], "", { SFTPGO_SFTPD__BINDINGS__0__PORT: "99999" });
    assertFailure(result, 1, /SFTPGO_SFTPD__BINDINGS__0__PORT \(sftpd\.bindings\.0\.port\) = "99999"/);
  });
});

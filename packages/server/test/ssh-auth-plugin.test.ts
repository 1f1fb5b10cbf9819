import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { formatSftpgoUserJson } from "../src/domain/sftpgo-user-json.ts";
import { FakeAuthChecks, rpcError } from "./fixtures/fake-auth-checks.ts";
import { logInByKeyboard } from "./fixtures/keyboard-login.ts";
import { type ClientOptions, type Credentials, makeKey, publicKeyOf, ssh } from "./fixtures/openssh.ts";
import { type SshTestServer, startSshTestServer } from "./fixtures/ssh-test-server.ts";

// The situations A-* recorded from SFTPGo, named after them: what the client saw, the log event, what was stored.

let server: SshTestServer;
let plugin: FakeAuthChecks;

beforeEach(async () => {
  plugin = new FakeAuthChecks();
  server = await startSshTestServer({ checks: plugin });
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function client(username: string, credentials: Credentials, options: readonly string[] = []): ClientOptions {
  return { port: server.port, folder: server.folder, username, credentials, options };
}

/** Exit status and output of `ssh … pwd`. */
async function logIn(username: string, credentials: Credentials, options: readonly string[] = []): Promise<string> {
  const { code, stdout } = await ssh(client(username, credentials, options), "pwd");
  return `${code} ${stdout.trim()}`.trim();
}

async function byPassword(username: string, password: string): Promise<string> {
  return await logIn(username, { password });
}

async function events(): Promise<readonly string[]> {
  await server.server.close();
  return server.logEvents.map((line) => line.replace(/elapsed: [\d.]+(?:µs|ms|s),/, "elapsed: $DUR,"));
}

async function addUser(username: string, more: object = {}): Promise<void> {
  await server.users.add({ username, status: 1, permissions: { "/": ["*"] }, home_dir: homeOf(username), ...more });
}

function homeOf(username: string): string {
  return server.homeOf(username);
}

async function stored(username: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  return (await server.users.find(username))?.document;
}

function asSftpgo(document: object): unknown {
  return JSON.parse(formatSftpgoUserJson(document as Readonly<Record<string, unknown>>));
}

function userJson(username: string, more: object = {}): string {
  return JSON.stringify({ username, status: 1, home_dir: homeOf(username), permissions: { "/": ["*"] }, ...more });
}

const EMPTY_FILESYSTEM =
  '"filesystem":{"provider":0,"osconfig":{},"s3config":{"access_secret":{},"sse_customer_key":{}},' +
  '"gcsconfig":{"credentials":{}},"azblobconfig":{"account_key":{},"sas_url":{}},"cryptconfig":{"passphrase":{}},' +
  '"sftpconfig":{"password":{},"private_key":{},"key_passphrase":{}},"httpconfig":{"password":{},"api_key":{}}}';
const EMPTY_FILTERS =
  '"filters":{"hooks":{"external_auth_disabled":false,"pre_login_disabled":false,"check_password_disabled":false},' +
  '"totp_config":{"secret":{}}}';
const GHOST =
  '{"id":0,"status":0,"username":"ghost","home_dir":"","uid":0,"gid":0,"max_sessions":0,"quota_size":0,' +
  '"quota_files":0,"permissions":null,"upload_data_transfer":0,"download_data_transfer":0,"total_data_transfer":0,' +
  `"created_at":0,"updated_at":0,${EMPTY_FILTERS},${EMPTY_FILESYSTEM}}`;

describe("what a plugin is told", () => {
  test("of a known user is the whole record, byte for byte as SFTPGo writes it", async () => {
    const key = publicKeyOf(makeKey(server.folder, "key"));
    await addUser("full", { password: "full-pw", public_keys: [key] });
    assert.equal(await byPassword("full", "full-pw"), "0 /");
    const document = (await stored("full")) ?? {};
    const [password = "", createdAt = "", updatedAt = "", changedAt = ""] = [
      "password",
      "created_at",
      "updated_at",
      "last_password_change",
    ].map((name) => String(document[name]));
    assert.match(password, /^\$2/);
    assert.equal(
      plugin.userJson,
      `{"id":1,"status":1,"username":"full","password":"${password}","public_keys":["${key}"],"has_password":true,` +
        `"home_dir":"${homeOf("full")}","uid":0,"gid":0,"max_sessions":0,"quota_size":0,"quota_files":0,` +
        '"permissions":{"/":["*"]},"upload_data_transfer":0,"download_data_transfer":0,"total_data_transfer":0,' +
        `"created_at":${createdAt},"updated_at":${updatedAt},"last_password_change":${changedAt},` +
        `${EMPTY_FILTERS},${EMPTY_FILESYSTEM}}`,
    );
  });

  test("of an unknown user is the default record", async () => {
    await byPassword("ghost", "x");
    assert.equal(plugin.userJson, GHOST);
    const [{ request } = { request: {} }] = plugin.calls;
    assert.deepEqual(
      { ...request, user: "" },
      { username: "ghost", password: "x", ip: "127.0.0.1", protocol: "SSH", user: "" },
    );
  });
});

describe("an empty answer", () => {
  for (const [name, answer] of [
    ["A-pw-empty-known-right", ""],
    ["A-pw-newline-known", "\n"],
  ] as const) {
    test(`${name}: lets the user in and changes nothing`, async () => {
      await addUser("full", { password: "full-pw" });
      plugin.answer = answer;
      const before = await stored("full");
      assert.equal(await byPassword("full", "full-pw"), "0 /");
      assert.equal((await stored("full"))?.["password"], before?.["password"]);
      assert.deepEqual(await events(), ["5 full"]);
    });
  }

  test("A-pw-empty-known-old: makes another password the stored one", async () => {
    await addUser("full", { password: "old" });
    const before = await stored("full");
    assert.equal(await byPassword("full", "new"), "0 /");
    assert.notEqual((await stored("full"))?.["password"], before?.["password"]);
    plugin.scope = 0;
    assert.equal(await byPassword("full", "old"), "255");
    assert.equal(await byPassword("full", "new"), "0 /");
  });

  test("A-pw-empty-unknown: refuses who is not stored, with event 2", async () => {
    assert.equal(await byPassword("ghost", "x"), "255");
    assert.deepEqual(await events(), ['2 ghost not found: username "ghost" does not exist']);
  });

  test("to an empty password lets nobody in", async () => {
    await addUser("full", { password: "full-pw" });
    plugin.answer = userJson("full");
    assert.equal(await byPassword("full", ""), "255");
    assert.equal(await byPassword("full", "full-pw"), "0 /");
    assert.deepEqual(await events(), ["1 full credentials cannot be null or empty", "5 full"]);
  });
});

describe("a user", () => {
  test("A-pw-json-unknown: is stored with the password they came with", async () => {
    plugin.answer = userJson("newu");
    assert.equal(await byPassword("newu", "new-pw"), "0 /");
    const { password, last_password_change: changed, last_login: login } = (await stored("newu")) ?? {};
    assert.match(String(password), /^\$2/);
    assert.ok(Number(changed) > 0 && Number(login) > 0);
    assert.equal(await byPassword("newu", "other"), "0 /", "A-pw-json-other-pw");
    assert.equal((JSON.parse(plugin.userJson) as { id: number }).id, 1);
    assert.deepEqual(await events(), ["5 newu", "5 newu"]);
  });

  test("A-pw-json-known-update: replaces the stored one, what it leaves out becomes empty", async () => {
    const key = publicKeyOf(makeKey(server.folder, "key"));
    await addUser("quota", {
      password: "q-pw",
      public_keys: [key],
      quota_files: 5,
      email: "q@example.com",
      filters: { max_upload_file_size: 5 },
    });
    const before = (await stored("quota")) ?? {};
    plugin.answer = userJson("quota", {
      id: 77,
      permissions: { "/": ["list"] },
      description: "from plugin",
      created_at: 1,
      used_quota_size: 99,
      last_login: 5,
      filters: { recovery_codes: [{ secret: {} }], totp_config: { enabled: true, config_name: "x", secret: {} } },
    });
    assert.equal(await byPassword("quota", "q-pw"), "0 /");
    const after = (await stored("quota")) ?? {};
    assert.deepEqual(after["permissions"], { "/": ["list"] });
    assert.deepEqual(after["public_keys"], []);
    assert.equal(after["description"], "from plugin");
    assert.equal(after["email"], undefined);
    assert.equal(after["quota_files"], undefined);
    assert.equal(after["id"], before["id"]);
    assert.equal(after["created_at"], before["created_at"]);
    assert.equal(after["used_quota_size"], undefined);
    assert.deepEqual(after["filters"], {}, "second factors are not the plugin's");
  });

  test("A-pw-json-nostatus: without a status is stored and disabled", async () => {
    plugin.answer = userJson("nost", { status: undefined });
    assert.equal(await byPassword("nost", "x1"), "255");
    assert.ok(await stored("nost"));
    assert.deepEqual(await events(), ['1 nost user "nost" is disabled']);
  });

  test("A-pw-json-other-name-unknown: may get another name", async () => {
    plugin.answer = userJson("alias2");
    assert.equal(await byPassword("alias1", "x1"), "0 /");
    assert.equal(await stored("alias1"), undefined);
    assert.ok(await stored("alias2"));
    assert.deepEqual(await events(), ["5 alias1"]);
  });

  test("A-pw-json-other-name-exists: is refused when that one exists", async () => {
    await addUser("alias2", { password: "alias-pw" });
    const before = await stored("alias2");
    plugin.answer = userJson("alias2");
    assert.equal(await byPassword("alias3", "x1"), "255");
    assert.deepEqual(await stored("alias2"), before);
    assert.deepEqual(await events(), ['1 alias3 there is already a user "alias2"']);
  });

  test("A-pw-json-other-name-known: a known user logs in as another known one", async () => {
    await addUser("full", { password: "full-pw" });
    await addUser("alias2", { password: "alias-pw" });
    const before = { full: await stored("full"), alias2: await stored("alias2") };
    plugin.answer = userJson("alias2");
    assert.equal(await byPassword("full", "full-pw"), "0 /");
    assert.deepEqual(await stored("full"), before.full);
    assert.notEqual((await stored("alias2"))?.["password"], before.alias2?.["password"]);
    assert.deepEqual(await events(), ["5 full"]);
  });

  test("sent back as it came stays as it was, but for the password's hash and age", async () => {
    const key = publicKeyOf(makeKey(server.folder, "key"));
    await addUser("echo", {
      password: "e-pw",
      public_keys: [key],
      email: "e@example.com",
      filters: { max_upload_file_size: 7, allowed_ip: ["127.0.0.0/8"] },
      new_field: { of: "a newer version" },
    });
    const before = { ...(await stored("echo")), password: "", last_password_change: 0, updated_at: 0 };
    plugin.answer = ({ request }) => String(request["user"]);
    assert.equal(await byPassword("echo", "e-pw"), "0 /");
    const after = { ...(await stored("echo")), password: "", last_password_change: 0, updated_at: 0 };
    const { last_login: _, ...withoutLogin } = after as { readonly last_login?: number };
    assert.deepEqual(asSftpgo(withoutLogin), asSftpgo(before));
  });

  test("keeps what others change while the plugin thinks", async () => {
    await addUser("full", { password: "old" });
    const { promise, resolve } = Promise.withResolvers<void>();
    plugin.answer = userJson("full");
    plugin.until = promise;
    const login = byPassword("full", "new");
    while (plugin.calls.length === 0) await new Promise((tick) => setImmediate(tick));
    await server.users.remove("full");
    resolve();
    assert.equal(await login, "255");
    assert.equal(await stored("full"), undefined);
    assert.deepEqual(await events(), ['1 full there is no user "full"']);
  });

  test("that two connections bring at once is stored once", async () => {
    plugin.answer = userJson("twins");
    assert.deepEqual(await Promise.all([byPassword("twins", "x1"), byPassword("twins", "x1")]), ["0 /", "0 /"]);
  });

  for (const [name, answer, message] of [
    ["A-pw-json-invalid", "not json", "invalid plugin auth response: the answer is not valid JSON"],
    ["A-pw-json-null", "null", "Validation error: username is mandatory"],
    ["A-pw-json-emptyname", '{"username":""}', "Validation error: username is mandatory"],
    ["A-pw-json-emptyobj", "{}", "Validation error: username is mandatory"],
    ["A-pw-json-array", "[]", "invalid plugin auth response: the answer is not a JSON object"],
    [
      "A-pw-json-nopermroot",
      '{"username":"minu","status":1,"home_dir":"/srv/minu"}',
      'Validation error: permissions for the root dir "/" must be set',
    ],
    [
      "A-pw-json-relhome",
      '{"username":"minu","status":1,"home_dir":"rel","permissions":{"/":["*"]}}',
      "Validation error: home_dir must be an absolute path, actual value: rel",
    ],
    [
      "A-pw-json-group-missing",
      '{"username":"minu","status":1,"home_dir":"/srv/minu","permissions":{"/":["*"]},"groups":[{"name":"g","type":1}]}',
      "unable to load group password policies",
    ],
    [
      "A-pw-json-folder-missing",
      '{"username":"minu","status":1,"home_dir":"/srv/minu","permissions":{"/":["*"]},"virtual_folders":[{"name":"f"}]}',
      "a virtual folder of the user does not exist",
    ],
    [
      "a field of the wrong type",
      '{"username":"minu","status":"1"}',
      'invalid plugin auth response: user field "status" must be an integer, found a string',
    ],
    [
      "deep nesting",
      `{"username":${"[".repeat(10_000)}`,
      "invalid plugin auth response: the JSON nests deeper than 64",
    ],
  ] as const) {
    test(`${name}: is refused and not stored`, async () => {
      plugin.answer = answer;
      assert.equal(await byPassword("minu", "x1"), "255");
      assert.equal(await stored("minu"), undefined);
      assert.deepEqual(await events(), [`1 minu ${message}`]);
    });
  }

  test("cannot bring a prototype along", async () => {
    plugin.answer = userJson("evil").replace("{", '{"__proto__":{"status":1,"polluted":true},"constructor":{},');
    assert.equal(await byPassword("evil", "x1"), "0 /");
    assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  });

  test("of several megabytes is refused", async () => {
    plugin.answer = userJson("minu", { description: "x".repeat(5_000_000) });
    assert.equal(await byPassword("minu", "x1"), "255");
    assert.equal(await stored("minu"), undefined);
  });
});

describe("a plugin's refusal", () => {
  for (const go of ["Unknown", "NotFound"]) {
    test(`A-pw-err: ${go} is event 1, also for an unknown user`, async () => {
      await addUser("full", { password: "full-pw" });
      plugin.answer = ({ request }) =>
        rpcError(go, "probe refuses", { username: String(request["username"]), scope: 1 });
      assert.equal(await byPassword("full", "full-pw"), "255");
      assert.equal(await byPassword("ghost", "full-pw"), "255");
      assert.deepEqual(
        await events(),
        ["full", "ghost"].map(
          (name) =>
            `1 ${name} plugin auth error for user "${name}": rpc error: code = ${go} desc = probe refuses, elapsed: $DUR, auth scope: 1`,
        ),
      );
    });
  }

  test("that is no PluginHostError refuses too", async () => {
    await addUser("full", { password: "full-pw" });
    plugin.answer = new TypeError("a bug\nsecond line");
    assert.equal(await byPassword("full", "full-pw"), "255");
    assert.deepEqual(await events(), ["1 full a bug"]);
  });
});

describe("a user kept away from plugins", () => {
  test("A-hook-disabled: logs in with the stored password", async () => {
    await addUser("local", { password: "l-pw", filters: { hooks: { external_auth_disabled: true } } });
    assert.equal(await byPassword("local", "l-pw"), "0 /");
    assert.equal(await byPassword("local", "wrong"), "255");
    assert.equal((await logInByKeyboard(server.port, "local", ["l-pw"])).isIn, true);
    assert.deepEqual(plugin.calls, []);
  });

  test("A-cache: is so for some time after a login", async () => {
    plugin.answer = userJson("cache", { filters: { external_auth_cache_time: 60 } });
    assert.equal(await byPassword("cache", "c-pw"), "0 /");
    assert.equal(await byPassword("cache", "c-pw"), "0 /");
    assert.equal(await byPassword("cache", "wrong"), "255");
    assert.equal(plugin.calls.length, 1);
    assert.deepEqual(await events(), ["5 cache", "5 cache", "1 cache invalid credentials"]);
  });
});

describe("a scope", () => {
  for (const [scope, password, keyboard, key] of [
    [1, 1, 0, 0],
    [2, 0, 0, 1],
    [4, 0, 2, 0],
    [5, 1, 2, 0],
  ] as const) {
    test(`A-scope${scope}: is asked for its own logins only`, async () => {
      const keyFile = makeKey(server.folder, "key");
      await addUser("full", { password: "full-pw", public_keys: [publicKeyOf(keyFile)] });
      plugin.scope = scope;
      plugin.steps = [{ authResult: 1 }];
      assert.equal(await byPassword("full", "full-pw"), "0 /");
      assert.equal(plugin.calls.length, password);
      assert.equal(await logIn("full", { keyFiles: [keyFile] }), "0 /");
      assert.equal(plugin.calls.length, password + key);
      assert.equal((await logInByKeyboard(server.port, "full", ["full-pw"])).isIn, true);
      assert.equal(plugin.calls.length, password + key + keyboard);
    });
  }
});

describe("a key", () => {
  test("A-key-empty-known-right: is asked for once, as a line without comment", async () => {
    const keyFile = makeKey(server.folder, "key");
    await addUser("full", { public_keys: [publicKeyOf(keyFile)] });
    assert.equal(await logIn("full", { keyFiles: [keyFile] }), "0 /");
    const [type, base64] = publicKeyOf(keyFile).split(" ");
    assert.deepEqual(
      plugin.calls.map(({ request }) => request["publicKey"]),
      [`${type} ${base64}\n`],
    );
    assert.deepEqual(await events(), ["5 full"]);
  });

  test("A-key-empty-known-wrong: must be a stored one", async () => {
    await addUser("full", { public_keys: [publicKeyOf(makeKey(server.folder, "key"))] });
    assert.equal(await logIn("full", { keyFiles: [makeKey(server.folder, "bad")] }), "255");
    assert.deepEqual(await events(), [
      "1 full Authentication error: could not validate public key credentials: invalid credentials",
    ]);
  });

  test("A-key-two-offers: each offered one is asked for", async () => {
    const keyFile = makeKey(server.folder, "key");
    await addUser("full", { public_keys: [publicKeyOf(keyFile)] });
    assert.equal(await logIn("full", { keyFiles: [makeKey(server.folder, "bad"), keyFile] }), "0 /");
    assert.equal(plugin.calls.length, 2);
    assert.deepEqual(await events(), ["5 full"]);
  });

  test("A-key-empty-unknown: of nobody is event 2", async () => {
    assert.equal(await logIn("ghost", { keyFiles: [makeKey(server.folder, "bad")] }), "255");
    assert.deepEqual(await events(), [
      '2 ghost Authentication error: could not validate public key credentials: not found: username "ghost" does not exist',
    ]);
  });

  test("A-key-json: is stored beside a returned one with a comment, not beside the bare one", async () => {
    const keyFile = makeKey(server.folder, "key");
    const line = publicKeyOf(keyFile);
    const bare = line.split(" ").slice(0, 2).join(" ");
    plugin.answer = userJson("keyv", { public_keys: [line] });
    assert.equal(await logIn("keyv", { keyFiles: [keyFile] }), "0 /");
    assert.deepEqual((await stored("keyv"))?.["public_keys"], [line, `${bare}\n`]);
    assert.equal((await stored("keyv"))?.["password"] ?? "", "");
    plugin.answer = userJson("keyw", { public_keys: [bare] });
    assert.equal(await logIn("keyw", { keyFiles: [keyFile] }), "0 /");
    assert.deepEqual((await stored("keyw"))?.["public_keys"], [bare]);
  });

  test("A-key-err: refused by the plugin is event 1 at the end", async () => {
    const keyFile = makeKey(server.folder, "key");
    await addUser("full", { public_keys: [publicKeyOf(keyFile)] });
    plugin.answer = rpcError("Unknown", "no such key", { username: "full", scope: 2 });
    assert.equal(await logIn("full", { keyFiles: [keyFile] }), "255");
    assert.deepEqual(await events(), [
      '1 full Authentication error: could not validate public key credentials: plugin auth error for user "full": ' +
        "rpc error: code = Unknown desc = no such key, elapsed: $DUR, auth scope: 2",
    ]);
  });

  test("A-multi-ok: and then a password are each asked for", async () => {
    const keyFile = makeKey(server.folder, "key");
    await addUser("multi", {
      password: "multi-pw",
      public_keys: [publicKeyOf(keyFile)],
      filters: { denied_login_methods: ["publickey", "password", "keyboard-interactive"] },
    });
    const both = ["PreferredAuthentications=publickey,password", `IdentityFile=${keyFile}`];
    assert.equal(await logIn("multi", { password: "multi-pw" }, both), "0 /");
    assert.deepEqual(
      plugin.calls.map(({ method }) => method),
      ["publicKey", "password"],
    );
    assert.deepEqual(await events(), ["5 multi"]);
  });
});

async function converse(...answers: readonly string[]): Promise<boolean> {
  return (await logInByKeyboard(server.port, "full", answers)).isIn;
}

function steps(): readonly Readonly<Record<string, unknown>>[] {
  return plugin.calls.filter(({ method }) => method === "step").map(({ request }) => request);
}

function round(...questions: readonly string[]) {
  return { questions, echos: questions.map(() => true) };
}

describe("a keyboard-interactive login", () => {
  const TWO = { instructions: "please answer", questions: ["Token: ", "Colour? "], echos: [false, true] };
  const ONE = { questions: ["Password: "], echos: [false] };

  beforeEach(async () => {
    await addUser("full", { password: "full-pw" });
  });

  test("A-ki-two-ok: carries questions and answers until the plugin accepts", async () => {
    plugin.steps = [TWO, { authResult: 1 }];
    assert.deepEqual(await logInByKeyboard(server.port, "full", ["tok", "blue"]), {
      isIn: true,
      questions: ["Token: ", "Colour? "],
    });
    const [first, second] = steps();
    const password = (await stored("full"))?.["password"];
    const { requestId } = first ?? {};
    assert.match(String(requestId), /^[0-9a-v]{20}$/);
    assert.deepEqual(first, {
      requestId,
      username: "full",
      password,
      ip: "127.0.0.1",
      answers: [],
      questions: [],
      step: 1,
    });
    assert.deepEqual(second, { ...first, ip: "", answers: ["tok", "blue"], questions: TWO.questions, step: 2 });
    assert.deepEqual(await events(), ["5 full"]);
  });

  for (const [name, first, message] of [
    ["A-ki-immediate-refuse", { authResult: -1 }, "keyboard interactive auth failed, result: -1"],
    ["A-ki-result2", { authResult: 2 }, "keyboard interactive auth failed, result: 2"],
    [
      "A-ki-instr-only",
      { instructions: "hello", questions: [] },
      "interactive auth error: response does not contain questions",
    ],
    ["A-ki-mismatch", { ...TWO, echos: [true] }, "interactive auth error: response questions don't match echos: 2 1"],
    [
      "too many questions",
      { questions: Array.from({ length: 101 }, () => "?"), echos: Array.from({ length: 101 }, () => true) },
      "interactive auth error: response is too large to be shown",
    ],
    [
      "a long question",
      { questions: ["x".repeat(20_000)], echos: [true] },
      "interactive auth error: response is too large to be shown",
    ],
  ] as const) {
    test(`${name}: is refused without a question`, async () => {
      plugin.steps = [first];
      const { isIn, questions } = await logInByKeyboard(server.port, "full", []);
      assert.deepEqual({ isIn, questions }, { isIn: false, questions: [] });
      assert.deepEqual(await events(), [`1 full ${message}`]);
    });
  }

  test("A-ki-immediate-ok: may be accepted without a question", async () => {
    plugin.steps = [{ authResult: 1 }];
    assert.equal(await converse(), true);
  });

  test("A-ki-two-refuse: may be refused for its answers", async () => {
    plugin.steps = [TWO, { authResult: -1 }];
    assert.equal(await converse("tok", "red"), false);
    assert.deepEqual(await events(), ["1 full keyboard interactive auth failed, result: -1"]);
  });

  test("A-ki-three-steps: gives each step the questions and answers of the one before", async () => {
    plugin.steps = [round("A? "), round("B? "), round("C? ", "D? "), { authResult: 1 }];
    assert.equal(await converse("a", "b", "c", "d"), true);
    assert.deepEqual(
      steps().map(({ step, questions, answers }) => [step, questions, answers]),
      [
        [1, [], []],
        [2, ["A? "], ["a"]],
        [3, ["B? "], ["b"]],
        [4, ["C? ", "D? "], ["c", "d"]],
      ],
    );
  });

  test("A-ki-check-pw-ok: lets the server check the password and tells the plugin only that it is right", async () => {
    plugin.steps = [{ ...ONE, checkPassword: 1 }, { authResult: 1 }];
    assert.equal(await converse("full-pw"), true);
    assert.deepEqual(steps()[1]?.["answers"], ["OK"]);
  });

  test("A-ki-check-pw-bad: ends with a wrong one", async () => {
    plugin.steps = [{ ...ONE, checkPassword: 1 }, { authResult: 1 }];
    assert.equal(await converse("wrong"), false);
    assert.equal(steps().length, 1);
    assert.deepEqual(await events(), ["1 full invalid credentials"]);
  });

  test("A-ki-check-pw-two: checks nothing when there are two answers", async () => {
    plugin.steps = [{ ...TWO, checkPassword: 1 }, { authResult: 1 }];
    assert.equal(await converse("wrong", "b"), true);
    assert.deepEqual(steps()[1]?.["answers"], ["wrong", "b"]);
  });

  test("without a second factor has no code the server could check", async () => {
    plugin.steps = [{ ...ONE, checkPassword: 2 }, { authResult: 1 }];
    assert.equal(await converse("123456"), false);
    assert.deepEqual(await events(), ["1 full invalid credentials"]);
  });

  test("A-ki-step-error: is refused with the plugin's words", async () => {
    plugin.steps = [ONE, rpcError("Unknown", "step failed")];
    assert.equal(await converse("a"), false);
    assert.deepEqual(await events(), ["1 full rpc error: code = Unknown desc = step failed"]);
  });

  test("A-ki-check-error: does not begin when the check fails", async () => {
    plugin.answer = rpcError("Unknown", "no ki", { username: "full", scope: 4 });
    assert.equal(await converse(), false);
    assert.deepEqual(await events(), [
      '1 full plugin auth error for user "full": rpc error: code = Unknown desc = no ki, elapsed: $DUR, auth scope: 4',
    ]);
  });

  test("A-ki-unknown: of nobody is event 2", async () => {
    assert.equal((await logInByKeyboard(server.port, "ghost", [])).isIn, false);
    assert.deepEqual(await events(), ['2 ghost not found: username "ghost" does not exist']);
  });

  test("A-ki-unknown-json, A-ki-known-json-nopw: stores who the check brings, with no password unless it brings one", async () => {
    plugin.answer = userJson("kiu", { password: "ki-pw" });
    plugin.steps = [{ authResult: 1 }];
    assert.equal((await logInByKeyboard(server.port, "kiu", [])).isIn, true);
    assert.match(String(steps()[0]?.["password"]), /^\$2/);
    plugin.answer = userJson("kiu");
    plugin.steps = [{ authResult: 1 }];
    assert.equal((await logInByKeyboard(server.port, "kiu", [])).isIn, true);
    assert.equal(steps()[1]?.["password"], "");
  });

  test("of a disabled user is refused though the plugin accepts", async () => {
    plugin.answer = userJson("full", { status: 0 });
    plugin.steps = [{ authResult: 1 }];
    assert.equal(await converse(), false);
    assert.deepEqual(await events(), ['1 full user "full" is disabled']);
  });

  test("of a user who is removed meanwhile is refused", async () => {
    plugin.steps = [ONE, { authResult: 1 }];
    plugin.beforeStep = async (step) => {
      if (step === 2) await server.users.remove("full");
    };
    assert.equal(await converse("a"), false);
    assert.deepEqual(await events(), ["1 full invalid credentials"]);
  });

  test("ends after a hundred rounds", async () => {
    plugin.steps = Array.from({ length: 200 }, () => ONE);
    assert.equal(await converse(...Array.from({ length: 200 }, () => "a")), false);
    assert.equal(steps().length, 100);
  });
});

/** Whether the answers let the user in, and what was asked. */
async function answer(username: string, ...answers: readonly string[]): Promise<string> {
  const { isIn, questions } = await logInByKeyboard(server.port, username, answers);
  return `${isIn ? "in" : "out"}: ${questions.join("")}`;
}

describe("a second factor", () => {
  const CODE = "123456";

  beforeEach(async () => {
    await server[Symbol.asyncDispose]();
    server = await startSshTestServer({
      checks: plugin,
      secondFactor: {
        isNeededFor: ({ username }) => username === "tot",
        verifyTotp: async (user, code) => await Promise.resolve(user.username === "tot" && code === CODE),
      },
    });
    await addUser("tot", { password: "t-pw" });
    await addUser("full", { password: "full-pw" });
  });

  test("is asked for by the server once the plugin has accepted", async () => {
    plugin.steps = [round("Token: "), { authResult: 1 }];
    assert.equal(await answer("tot", "t", CODE), "in: Token: Authentication code: ");
    plugin.steps = [{ authResult: 1 }];
    assert.equal(await answer("tot", "000000"), "out: Authentication code: ");
    plugin.steps = [{ authResult: 1 }];
    assert.equal(await answer("full"), "in: ", "a user without one is not asked");
    assert.deepEqual(await events(), ["5 tot", "1 tot invalid credentials", "5 full"]);
  });

  test("is asked for after the password where no plugin asks", async () => {
    plugin.scope = 0;
    assert.equal(await answer("tot", "t-pw", CODE), "in: Password: Authentication code: ");
    assert.equal(await answer("tot", "wrong"), "out: Password: ");
    assert.equal(await answer("tot", "t-pw", "000000"), "out: Password: Authentication code: ");
  });

  test("may be checked by the server in the middle of a plugin's conversation", async () => {
    plugin.steps = [{ ...round("Code? "), checkPassword: 2 }, { authResult: 1 }];
    assert.equal(await answer("tot", CODE), "in: Code? ", "and is not asked for again");
    assert.deepEqual(steps()[1]?.["answers"], ["OK"]);
    plugin.steps = [{ ...round("Code? "), checkPassword: 2 }, { authResult: 1 }];
    assert.equal(await answer("tot", "000000"), "out: Code? ");
    assert.equal(plugin.steps.length, 1, "the plugin was not asked again");
  });

  test("is not asked for with a password alone, as in SFTPGo", async () => {
    assert.equal(await byPassword("tot", "t-pw"), "0 /");
  });
});

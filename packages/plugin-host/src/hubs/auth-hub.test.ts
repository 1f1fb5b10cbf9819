import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { AuthClient, RpcOptions } from "@fairlead/plugin-sdk/client";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createRoute, hang, listRoutes, tooSlow } from "../../test/support/fake-routes.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import { AuthScope } from "./auth-hub.ts";
import type { AuthHub } from "./auth-hub.ts";
import { createAuthHub } from "./create-auth-hub.ts";

const answerOf = (name: string): Uint8Array => new TextEncoder().encode(name);
const base = { username: "ann", ip: "192.0.2.1", protocol: "SSH", user: answerOf("{}") };
const passwordCheck = { ...base, password: "s3cret-password" };
const step = { requestId: "x", username: "ann", password: "$2a$hash", ip: "", answers: [], questions: [], step: 1 };

interface Answers {
  readonly check?: (options?: RpcOptions) => Promise<Uint8Array>;
}

/** A plugin whose every answer is its name, unless told otherwise. */
function createClient(name: string, { check = () => Promise.resolve(answerOf(name)) }: Answers = {}): AuthClient {
  return {
    connected: true,
    checkPassword: (_, options) => check(options),
    checkPublicKey: (_, options) => check(options),
    checkTlsCertificate: (_, options) => check(options),
    checkKeyboardInteractive: (_, options) => check(options),
    sendKeyboardStep: async (_, options) => {
      await check(options);
      return { instructions: name, questions: [], echos: [], authResult: 1, checkPassword: 0 };
    },
  };
}

const createAuthRoute = (name: string, scope: number, client: AuthClient | undefined = createClient(name)) =>
  createRoute(`plugins[0] (auth "/${name}")`, { authOptions: { scope } }, client);

const textOf = async (answer: Promise<Uint8Array>): Promise<string> => new TextDecoder().decode(await answer);

test("a scope is handled when some entry has its bit, whatever its state", () => {
  const down = { ...createAuthRoute("a", 1), availability: { status: "down", startFailed: true } as const };
  const hub = createAuthHub(listRoutes(down, createAuthRoute("b", 8)));
  assert.deepEqual(
    Object.values(AuthScope).map((scope) => hub.handles(scope)),
    [true, false, false, true],
  );
});

test("each method asks the first entry with its bit", async () => {
  const hub = createAuthHub(
    listRoutes(createAuthRoute("key", 2), createAuthRoute("password", 1), createAuthRoute("all", 15)),
  );
  assert.equal(await textOf(hub.checkPassword(passwordCheck)), "password");
  assert.equal(await textOf(hub.checkPublicKey({ ...base, publicKey: "k" })), "key");
  assert.equal(await textOf(hub.checkTlsCertificate({ ...base, certificatePem: "c" })), "all");
  assert.equal(await textOf(hub.checkKeyboardInteractive(base)), "all");
});

test("the steps of a keyboard-interactive login go where its check went, not to the plugin for passwords", async () => {
  const hub = createAuthHub(listRoutes(createAuthRoute("password", 1), createAuthRoute("keyboard", 4)));
  assert.equal((await hub.sendKeyboardStep(step)).instructions, "keyboard");
});

test("a refusal is SFTPGo's line, names the plugin and says what to do", async () => {
  const clock = new FakeClock();
  const refuse = async (): Promise<never> => {
    await clock.advance(12);
    throw new GrpcError("UNKNOWN", "probe refuses");
  };
  const refusing = createAuthRoute("a", 3, createClient("a", { check: refuse }));
  const hub = createAuthHub(listRoutes(refusing, createAuthRoute("b", 1)), { clock });
  await assert.rejects(hub.checkPassword(passwordCheck), (error) => {
    assert.ok(PluginHostError.is(error, "ERR_PLUGIN_CALL"));
    const summary =
      'plugin auth error for user "ann": rpc error: code = Unknown desc = probe refuses, elapsed: 12ms, auth scope: 1';
    assert.equal(
      error.message,
      `${summary}; plugins[0] (auth "/a")\nThese are the plugin's words: its log may say more.`,
    );
    assert.deepEqual(error.details, { plugin: 'plugins[0] (auth "/a")', grpcCode: "UNKNOWN", summary });
    assert.ok(GrpcError.is(error.cause, "UNKNOWN"));
    return true;
  });
});

test("a failed step is the plugin's error alone, as SFTPGo shows it", async () => {
  const client = createClient("a", { check: () => Promise.reject(new GrpcError("UNKNOWN", "step failed")) });
  const hub = createAuthHub(listRoutes(createAuthRoute("a", 4, client)));
  await assert.rejects(hub.sendKeyboardStep(step), /^PluginHostError: rpc error: code = Unknown desc = step failed; /);
});

test("no other entry is asked when the first one does not run", async () => {
  const down = createAuthRoute("a", 1);
  down.availability = { status: "down", startFailed: false };
  const hub = createAuthHub(listRoutes(down, createAuthRoute("b", 1)));
  await assert.rejects(hub.checkPassword(passwordCheck), {
    code: "ERR_PLUGIN_UNAVAILABLE",
    message:
      /^plugin auth error for user "ann": rpc error: code = Unavailable desc = the plugin does not run: it is being started, elapsed: 0s, auth scope: 1; plugins\[0\]/,
  });
  assert.equal(down.calls.counters().calls, 0);
});

test("a plugin that misses health checks is still asked", async () => {
  const route = createAuthRoute("a", 1);
  route.availability = { status: "paused", client: createClient("a") };
  assert.equal(await textOf(createAuthHub(listRoutes(route)).checkPassword(passwordCheck)), "a");
});

test("without an entry for it a login is refused", async () => {
  const hub = createAuthHub(listRoutes(createAuthRoute("a", 2)));
  await assert.rejects(hub.checkPassword(passwordCheck), { code: "ERR_PLUGIN_NOT_CONFIGURED" });
  await assert.rejects(hub.sendKeyboardStep(step), { code: "ERR_PLUGIN_NOT_CONFIGURED" });
});

test("entries that a reload brings are asked at once", async () => {
  const list = listRoutes(createAuthRoute("old", 1));
  const hub = createAuthHub(list);
  list.routes = [createAuthRoute("new", 3)];
  assert.equal(await textOf(hub.checkPassword(passwordCheck)), "new");
  assert.ok(hub.handles(AuthScope.publicKey));
});

test("a plugin has twenty seconds, or what the caller gives it", async () => {
  const given: (RpcOptions | undefined)[] = [];
  const check = (options?: RpcOptions): Promise<Uint8Array> => {
    given.push(options);
    return Promise.resolve(answerOf(""));
  };
  const hub = createAuthHub(listRoutes(createAuthRoute("a", 15, createClient("a", { check }))));
  const { signal } = new AbortController();
  await hub.checkPassword(passwordCheck);
  await hub.sendKeyboardStep(step, { timeoutMs: 5, signal });
  assert.deepEqual(given, [{ timeoutMs: 20_000 }, { timeoutMs: 5, signal }]);
});

/** A hub of one plugin that refuses everything with these words. */
function createRefusingHub(words: string): AuthHub {
  const client = createClient("a", { check: () => Promise.reject(new GrpcError("UNKNOWN", `bad: ${words}`)) });
  return createAuthHub(listRoutes(createAuthRoute("a", 15, client)));
}

function showsNoSecret(error: unknown): true {
  assert.ok(PluginHostError.is(error));
  assert.ok(GrpcError.is(error.cause));
  const everything = `${error.message} ${error.cause.message} ${JSON.stringify(error.details)} ${error.stack}`;
  assert.doesNotMatch(everything, /s3cret/);
  assert.match(error.message, /desc = bad: \[redacted\]/);
  return true;
}

test("a plugin that repeats a password, a stored secret or an answer does not bring it into an error", async () => {
  await assert.rejects(createRefusingHub("s3cret-password").checkPassword(passwordCheck), showsNoSecret);
  await assert.rejects(
    createRefusingHub("s3cret-answer").sendKeyboardStep({ ...step, answers: ["s3cret-answer"] }),
    showsNoSecret,
  );
});

test("a plugin's long words are cut", async () => {
  const client = createClient("a", { check: () => Promise.reject(new GrpcError("UNKNOWN", "x".repeat(100_000))) });
  const hub = createAuthHub(listRoutes(createAuthRoute("a", 1, client)));
  await assert.rejects(hub.checkPassword(passwordCheck), (error: Error) => error.message.length < 1_500);
});

test("calls and failures are counted, a call that its caller gave up is not", async () => {
  const clock = new FakeClock();
  const answers = [() => Promise.resolve(answerOf("")), tooSlow, hang];
  const check = async (options?: RpcOptions): Promise<Uint8Array> => {
    await clock.advance(10);
    return (answers.shift() ?? assert.fail())(options);
  };
  const route = createAuthRoute("a", 1, createClient("a", { check }));
  const hub = createAuthHub(listRoutes(route), { clock });
  await hub.checkPassword(passwordCheck);
  await assert.rejects(hub.checkPassword(passwordCheck), /did not answer in time/);
  const caller = new AbortController();
  const given = hub.checkPassword(passwordCheck, { signal: caller.signal });
  await clock.advance(10);
  caller.abort();
  await assert.rejects(given, { code: "ERR_PLUGIN_CALL" });
  assert.deepEqual(route.calls.counters(), { calls: 2, failures: 1, p50Ms: 10, p99Ms: 10 });
});

test("a call that did not reach a process which was just replaced is made again", async () => {
  const route = createAuthRoute("a", 1);
  const gone = createClient("gone", {
    check: () => {
      route.availability = { status: "up", client: createClient("next") };
      return Promise.reject(new GrpcError("UNAVAILABLE", "the connection was closed", { unprocessed: "unsent" }));
    },
  });
  route.availability = { status: "up", client: gone };
  assert.equal(await textOf(createAuthHub(listRoutes(route)).checkPassword(passwordCheck)), "next");
});

test("a call that the process may have acted on is not made again", async () => {
  const route = createAuthRoute("a", 1);
  const gone = createClient("gone", {
    check: () => {
      route.availability = { status: "up", client: createClient("next") };
      return Promise.reject(new GrpcError("UNAVAILABLE", "the peer closed the connection"));
    },
  });
  route.availability = { status: "up", client: gone };
  await assert.rejects(createAuthHub(listRoutes(route)).checkPassword(passwordCheck), { code: "ERR_PLUGIN_CALL" });
});

test("a call that could not be sent is not made again to the same process", async () => {
  let calls = 0;
  const check = (): Promise<never> => {
    calls++;
    return Promise.reject(new GrpcError("UNAVAILABLE", "the connection was closed", { unprocessed: "unsent" }));
  };
  const hub = createAuthHub(listRoutes(createAuthRoute("a", 1, createClient("a", { check }))));
  await assert.rejects(hub.checkPassword(passwordCheck), { code: "ERR_PLUGIN_CALL" });
  assert.equal(calls, 1);
});

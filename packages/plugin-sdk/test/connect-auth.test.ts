import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import { accepted, createUser, denied, unchanged, user } from "../src/index.ts";
import type { AuthHandlers, AuthRequest, CallContext } from "../src/index.ts";
import {
  connectAuth,
  logInByKeyboard,
  makeKeyboardInteractiveCheck,
  makeKeyboardStep,
  makeKnownUser,
  makePasswordCheck,
  makePublicKeyCheck,
  makeTlsCertificateCheck,
  makeUnknownUser,
  readUser,
} from "../src/testing/index.ts";
import { isStatus } from "./is-status.ts";

function createLog(): { readonly logger: Logger; readonly lines: (readonly [string, LogFields])[] } {
  const lines: (readonly [string, LogFields])[] = [];
  const logger: Logger = {
    log: (_level, message, fields = {}) => void lines.push([message, fields]),
    child: () => logger,
  };
  return { logger, lines };
}

test("each check reaches its handler whole", async () => {
  const seen: unknown[] = [];
  const see = (request: AuthRequest) => (seen.push(request), unchanged());
  await using auth = await connectAuth({
    checkPassword: see,
    checkPublicKey: see,
    checkTlsCertificate: see,
    checkKeyboardInteractive: see,
  });
  const bob = makeKnownUser({ username: "bob", quota_size: 9_007_199_254_740_993n });
  const ghost = makeUnknownUser("ghost");
  await auth.client.checkPassword(makePasswordCheck({ user: bob, password: "pw" }));
  await auth.client.checkPublicKey(makePublicKeyCheck({ user: bob, publicKey: "ssh-ed25519 AAAA\n" }));
  await auth.client.checkTlsCertificate(makeTlsCertificateCheck({ user: bob, certificatePem: "pem", protocol: "FTP" }));
  await auth.client.checkKeyboardInteractive(makeKeyboardInteractiveCheck({ user: ghost, ip: "::1" }));
  const common = { username: "bob", ip: "192.0.2.1", protocol: "SSH", user: bob, isKnown: true };
  assert.deepEqual(seen, [
    { ...common, password: "pw" },
    { ...common, publicKey: "ssh-ed25519 AAAA\n" },
    { ...common, certificatePem: "pem", protocol: "FTP" },
    { username: "ghost", ip: "::1", protocol: "SSH", user: ghost, isKnown: false },
  ]);
});

test("an unchanged user is no bytes", async () => {
  await using auth = await connectAuth({ checkPassword: async () => await Promise.resolve(unchanged()) });
  const answer = await auth.client.checkPassword(makePasswordCheck());
  assert.equal(answer.length, 0);
  assert.equal(readUser(answer), undefined);
});

test("a user is its JSON, with what the plugin did not touch", async () => {
  await using auth = await connectAuth({
    checkPassword: (request) => user(request.isKnown ? { ...request.user, quota_files: 7 } : createUser(request)),
  });
  const text = '{"id":9223372036854775807,"username":"ann","new":[1.5],"quota_files":1}';
  const check = { ...makePasswordCheck(), user: new TextEncoder().encode(text) };
  const answer = await auth.client.checkPassword(check);
  assert.equal(new TextDecoder().decode(answer), text.replace('"quota_files":1', '"quota_files":7'));
});

test("a refusal is PERMISSION_DENIED with its message, and nothing in the log", async () => {
  const { logger, lines } = createLog();
  await using auth = await connectAuth({ checkPassword: () => denied("not today") }, { logger });
  await assert.rejects(auth.client.checkPassword(makePasswordCheck()), isStatus("PERMISSION_DENIED", "not today"));
  assert.deepEqual(lines, []);
});

test("a refusal's message travels up to a limit", async () => {
  await using auth = await connectAuth({ checkPassword: () => denied("é".repeat(100_000)) });
  await assert.rejects(
    auth.client.checkPassword(makePasswordCheck()),
    (error: unknown) => GrpcError.is(error, "PERMISSION_DENIED") && error.message === "é".repeat(1_024),
  );
});

test("a handler that throws answers UNKNOWN with its message, as Go's plugins do, and its stack is in the log", async () => {
  const { logger, lines } = createLog();
  const handlers: AuthHandlers = {
    checkPassword: async () => {
      await Promise.resolve();
      throw new TypeError("no directory");
    },
  };
  await using auth = await connectAuth(handlers, { logger });
  await assert.rejects(auth.client.checkPassword(makePasswordCheck()), isStatus("UNKNOWN", "no directory"));
  const [[message, fields] = assert.fail()] = lines;
  assert.equal(message, "handler failed");
  assert.equal(fields["method"], "CheckUserAndPass");
  assert.ok(fields["error"] instanceof TypeError);
});

test("a check without handler is UNIMPLEMENTED, which says what is missing", async () => {
  await using auth = await connectAuth({});
  const { client } = auth;
  await assert.rejects(client.checkPassword(makePasswordCheck()), isStatus("UNIMPLEMENTED", "checkPassword"));
  await assert.rejects(client.checkPublicKey(makePublicKeyCheck()), isStatus("UNIMPLEMENTED", "checkPublicKey"));
  const certificate = client.checkTlsCertificate(makeTlsCertificateCheck());
  await assert.rejects(certificate, isStatus("UNIMPLEMENTED", "checkTlsCertificate"));
  const keyboard = client.checkKeyboardInteractive(makeKeyboardInteractiveCheck());
  await assert.rejects(keyboard, isStatus("UNIMPLEMENTED", "checkKeyboardInteractive"));
  await assert.rejects(client.sendKeyboardStep(makeKeyboardStep()), isStatus("UNIMPLEMENTED", "keyboardInteractive"));
});

test("who only leads keyboard-interactive logins leaves their users as they are", async () => {
  await using auth = await connectAuth({ keyboardInteractive: () => accepted() });
  assert.equal((await auth.client.checkKeyboardInteractive(makeKeyboardInteractiveCheck())).length, 0);
  assert.ok(await logInByKeyboard(auth.client, { answer: () => [] }));
});

test("a user that is no JSON object is refused, and no handler called", async () => {
  await using auth = await connectAuth({ checkPassword: () => assert.fail() });
  for (const text of ["[]", "{", "null"]) {
    const check = { ...makePasswordCheck(), user: new TextEncoder().encode(text) };
    await assert.rejects(auth.client.checkPassword(check), isStatus("INVALID_ARGUMENT"));
  }
});

test("a user document of megabytes travels both ways, a longer one is refused", async () => {
  await using auth = await connectAuth({ checkPassword: (request) => user(request.user) });
  const large = makeKnownUser({ description: "x".repeat(3_000_000) });
  const answer = await auth.client.checkPassword(makePasswordCheck({ user: large }));
  assert.equal(readUser(answer)?.description?.length, 3_000_000);
  const check = { ...makePasswordCheck(), user: Buffer.alloc(5 * 1024 * 1024, " ") };
  await assert.rejects(auth.client.checkPassword(check), isStatus("INVALID_ARGUMENT"));
});

test("a handler sees that the server stopped waiting", async () => {
  const aborted = Promise.withResolvers<void>();
  await using auth = await connectAuth({
    checkPassword: async (_request, { signal }: CallContext) => {
      signal.addEventListener("abort", () => aborted.resolve());
      await aborted.promise;
      return unchanged();
    },
  });
  const call = auth.client.checkPassword(makePasswordCheck(), { timeoutMs: 20 });
  await assert.rejects(call, isStatus("DEADLINE_EXCEEDED"));
  await aborted.promise;
});

test("a call ends with its signal", async () => {
  const calling = new AbortController();
  await using auth = await connectAuth({
    checkPassword: () => {
      calling.abort();
      return new Promise<never>(() => {});
    },
  });
  await assert.rejects(
    auth.client.checkPassword(makePasswordCheck(), { signal: calling.signal }),
    isStatus("CANCELLED"),
  );
});

test("handlers keep their this", async () => {
  class Plugin implements AuthHandlers {
    readonly seen: string[] = [];
    checkPassword(request: AuthRequest) {
      this.seen.push(request.username);
      return unchanged();
    }
    keyboardInteractive() {
      this.seen.push("keyboard");
      return accepted();
    }
  }
  const plugin = new Plugin();
  await using auth = await connectAuth(plugin);
  await auth.client.checkPassword(makePasswordCheck());
  await auth.client.sendKeyboardStep(makeKeyboardStep());
  assert.deepEqual(plugin.seen, ["alice", "keyboard"]);
});

test("a keyboard-interactive login goes through its rounds", async () => {
  await using auth = await connectAuth({
    async keyboardInteractive(dialogue) {
      const [token, colour] = await dialogue.ask(["Token: ", "Colour? "], { echo: [false, true] });
      if (token !== "tok" || colour !== "blue") return denied("wrong token");
      await dialogue.checkPassword();
      await dialogue.checkSecondFactor();
      return accepted();
    },
  });
  const logIn = (answers: readonly string[], password = "pw"): Promise<boolean> =>
    logInByKeyboard(auth.client, {
      answer: ({ questions, checkPassword }) =>
        questions.length === 2 ? answers : [checkPassword === 1 ? password : "1"],
      password: "pw",
      code: "1",
    });
  assert.equal(await logIn(["tok", "blue"]), true);
  assert.equal(await logIn(["tok", "red"]), false);
  assert.equal(await logIn(["tok", "blue"], "wrong"), false);
});

test("a login whose step the server gives up is over", async () => {
  const reason = Promise.withResolvers<unknown>();
  await using auth = await connectAuth({
    keyboardInteractive: async (dialogue, { signal }) => {
      signal.addEventListener("abort", () => reason.resolve(signal.reason));
      await dialogue.ask(["Token: "]);
      return await new Promise<never>(() => {});
    },
  });
  await auth.client.sendKeyboardStep(makeKeyboardStep());
  const step = makeKeyboardStep({ step: 2, answers: ["tok"] });
  await assert.rejects(auth.client.sendKeyboardStep(step, { timeoutMs: 20 }), isStatus("DEADLINE_EXCEEDED"));
  assert.ok(isStatus("DEADLINE_EXCEEDED")(await reason.promise) || isStatus("CANCELLED")(await reason.promise));
  await assert.rejects(auth.client.sendKeyboardStep({ ...step, step: 3 }), isStatus("FAILED_PRECONDITION"));
});

test("an open login ends with the plugin", async () => {
  const end = Promise.withResolvers<unknown>();
  const auth = await connectAuth({
    keyboardInteractive: async (dialogue) => {
      await dialogue.ask(["Token: "]).catch((error: unknown) => end.resolve(error));
      return denied("too late");
    },
  });
  await auth.client.sendKeyboardStep(makeKeyboardStep());
  await auth.close();
  assert.ok(isStatus("UNAVAILABLE")(await end.promise));
});

test("steps may be answered one by one", async () => {
  await using auth = await connectAuth({
    keyboardStep({ step, answers }) {
      if (step > 1) return answers[0] === "OK" ? accepted() : denied("wrong");
      return {
        outcome: "ask",
        questions: [{ prompt: "Code: ", echo: true }],
        check: "second-factor",
        instructions: "i",
      };
    },
  });
  const round = await auth.client.sendKeyboardStep(makeKeyboardStep());
  assert.deepEqual(round, { instructions: "i", questions: ["Code: "], echos: [true], authResult: 0, checkPassword: 2 });
  assert.equal(await logInByKeyboard(auth.client, { answer: () => ["123456"], code: "123456" }), true);
  await assert.rejects(
    auth.client.sendKeyboardStep(makeKeyboardStep({ step: 2, answers: ["no"] })),
    isStatus("PERMISSION_DENIED", "wrong"),
  );
});

for (const [what, questions] of [
  ["no question", []],
  [
    "two questions to check",
    [
      { prompt: "a", echo: false },
      { prompt: "b", echo: false },
    ],
  ],
] as const) {
  test(`a step with ${what} fails before a server could misread it`, async () => {
    await using auth = await connectAuth({ keyboardStep: () => ({ outcome: "ask", questions, check: "password" }) });
    await assert.rejects(auth.client.sendKeyboardStep(makeKeyboardStep()), isStatus("UNKNOWN", "keyboard-interactive"));
  });
}

for (const result of [undefined, {}, { outcome: "yes" }, true, unchanged] as never[]) {
  test(`what is no result lets nobody in: ${JSON.stringify(result)}`, async () => {
    // Programs run without their types being checked.
    await using auth = await connectAuth({ checkPassword: () => result, keyboardInteractive: () => result });
    await assert.rejects(auth.client.checkPassword(makePasswordCheck()), isStatus("UNKNOWN", "checkPassword answered"));
    const step = auth.client.sendKeyboardStep(makeKeyboardStep());
    await assert.rejects(step, isStatus("UNKNOWN", "keyboardInteractive answered"));
    await using raw = await connectAuth({ keyboardStep: () => result });
    const rawStep = raw.client.sendKeyboardStep(makeKeyboardStep());
    await assert.rejects(rawStep, isStatus("UNKNOWN", "keyboardStep answered"));
  });
}

for (const document of [undefined, null, [], "{}"] as never[]) {
  test(`what is no user is not stored: ${JSON.stringify(document)}`, async () => {
    await using auth = await connectAuth({ checkPassword: () => user(document) });
    await assert.rejects(auth.client.checkPassword(makePasswordCheck()), isStatus("UNKNOWN", "no document"));
  });
}

test("both forms of keyboard-interactive logins in one plugin fail its start", async () => {
  const handlers: AuthHandlers = { keyboardStep: () => accepted(), keyboardInteractive: () => accepted() };
  await assert.rejects(connectAuth(handlers), TypeError);
});

test("a client knows when its connection has ended", async () => {
  const auth = await connectAuth({});
  assert.equal(auth.client.connected, true);
  await auth.close();
  assert.equal(auth.client.connected, false);
});

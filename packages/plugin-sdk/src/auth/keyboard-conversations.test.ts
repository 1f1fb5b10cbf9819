import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@fairlead/go-plugin";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import { isStatus } from "../../test/is-status.ts";
import { denied } from "../denied.ts";
import { makeKeyboardStep } from "../testing/make-auth-requests.ts";
import type { AuthHandlers } from "./auth-handlers.ts";
import { KeyboardConversations } from "./keyboard-conversations.ts";
import type { KeyboardDialogue } from "./keyboard-dialogue.ts";
import { accepted } from "./keyboard-step.ts";

type Converse = NonNullable<AuthHandlers["keyboardInteractive"]>;

const waiting = { signal: new AbortController().signal };

function createConversations(
  converse: Converse,
  { logger = silentLogger, maxOpen = 10, lifetimeMs = 60_000 } = {},
): { readonly conversations: KeyboardConversations; end: () => void } {
  const ending = new AbortController();
  const conversations = new KeyboardConversations(converse, { logger, signal: ending.signal }, { maxOpen, lifetimeMs });
  return { conversations, end: () => ending.abort() };
}

/** Asks one question; what became of it is seen from outside. */
function createAsker(): {
  readonly converse: Converse;
  readonly ended: Promise<unknown>;
  readonly signal: Promise<AbortSignal>;
} {
  const ended = Promise.withResolvers<unknown>();
  const signal = Promise.withResolvers<AbortSignal>();
  const converse: Converse = async (dialogue, context) => {
    signal.resolve(context.signal);
    try {
      ended.resolve(await dialogue.ask(["Token: "]));
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
    return accepted();
  };
  return { converse, ended: ended.promise, signal: signal.promise };
}

const second = { step: 2, questions: ["Token: "], answers: ["tok"], ip: "" };

test("rounds become one conversation", async () => {
  const seen: unknown[] = [];
  const { conversations } = createConversations(async (dialogue) => {
    seen.push([dialogue.requestId, dialogue.username, dialogue.passwordHash, dialogue.ip]);
    seen.push(await dialogue.ask(["Token: ", "Colour? "], { echo: [false, true], instructions: "please answer" }));
    seen.push(await dialogue.ask(["Again: "], { echo: true }));
    return accepted();
  });
  const first = await conversations.step(makeKeyboardStep({ requestId: "r", password: "$2a$" }), waiting);
  assert.deepEqual(first, {
    instructions: "please answer",
    questions: ["Token: ", "Colour? "],
    echos: [false, true],
    authResult: 0,
    checkPassword: 0,
  });
  const answers = ["tok", "blue"];
  const next = await conversations.step(makeKeyboardStep({ ...second, requestId: "r", answers }), waiting);
  assert.deepEqual([next.questions, next.echos, next.instructions], [["Again: "], [true], ""]);
  const last = await conversations.step(makeKeyboardStep({ requestId: "r", step: 3, answers: ["x"] }), waiting);
  assert.equal(last.authResult, 1);
  assert.deepEqual(seen, [["r", "alice", "$2a$", "192.0.2.1"], ["tok", "blue"], ["x"]]);
  assert.equal(conversations.size, 0);
});

test("questions are not echoed unless asked for", async () => {
  const { conversations, end } = createConversations(createAsker().converse);
  assert.deepEqual((await conversations.step(makeKeyboardStep(), waiting)).echos, [false]);
  end();
});

test("the server checks the password, then the second factor", async () => {
  const { conversations } = createConversations(async (dialogue) => {
    await dialogue.checkPassword();
    await dialogue.checkSecondFactor({ prompt: "Code: ", instructions: "from your phone" });
    return accepted();
  });
  const password = await conversations.step(makeKeyboardStep(), waiting);
  assert.deepEqual(password, {
    instructions: "",
    questions: ["Password: "],
    echos: [false],
    authResult: 0,
    checkPassword: 1,
  });
  const code = await conversations.step(makeKeyboardStep({ step: 2, answers: ["OK"] }), waiting);
  assert.deepEqual([code.questions, code.checkPassword, code.instructions], [["Code: "], 2, "from your phone"]);
  assert.equal((await conversations.step(makeKeyboardStep({ step: 3, answers: ["OK"] }), waiting)).authResult, 1);
});

test("an answer that the server should have checked, and did not, refuses", async () => {
  const { conversations } = createConversations(async (dialogue) => {
    await dialogue.checkPassword();
    return accepted();
  });
  await conversations.step(makeKeyboardStep(), waiting);
  const step = makeKeyboardStep({ step: 2, answers: ["my password"] });
  await assert.rejects(conversations.step(step, waiting), isStatus("INVALID_ARGUMENT"));
  assert.equal(conversations.size, 0);
});

test("a refusal is a status with its message, at once or after a question", async () => {
  const { conversations } = createConversations(async (dialogue) => {
    if (dialogue.requestId !== "now") await dialogue.ask(["Token: "]);
    return denied("wrong token");
  });
  const now = makeKeyboardStep({ requestId: "now" });
  await assert.rejects(conversations.step(now, waiting), isStatus("PERMISSION_DENIED", "wrong token"));
  await conversations.step(makeKeyboardStep(), waiting);
  await assert.rejects(conversations.step(makeKeyboardStep(second), waiting), isStatus("PERMISSION_DENIED"));
  assert.equal(conversations.size, 0);
});

test("a handler that throws refuses with its message, and its stack is in the log", async () => {
  const lines: (LogFields | undefined)[] = [];
  const logger: Logger = { log: (_level, _message, fields) => void lines.push(fields), child: () => logger };
  const { conversations } = createConversations(
    () => {
      throw new TypeError("no connection");
    },
    { logger },
  );
  await assert.rejects(conversations.step(makeKeyboardStep(), waiting), isStatus("UNKNOWN", "no connection"));
  assert.equal(lines.length, 1);
  assert.ok(lines[0]?.["error"] instanceof TypeError);
});

test("a step of a login that nobody began is refused, and begins none", async () => {
  const { conversations } = createConversations(createAsker().converse);
  await assert.rejects(conversations.step(makeKeyboardStep(second), waiting), isStatus("FAILED_PRECONDITION"));
  assert.equal(conversations.size, 0);
});

test("a step with another id is refused, and disturbs nobody", async () => {
  const { converse, ended } = createAsker();
  const { conversations } = createConversations(converse);
  await conversations.step(makeKeyboardStep({ requestId: "a" }), waiting);
  const wrong = makeKeyboardStep({ ...second, requestId: "b" });
  await assert.rejects(conversations.step(wrong, waiting), isStatus("FAILED_PRECONDITION"));
  await conversations.step(makeKeyboardStep({ ...second, requestId: "a" }), waiting);
  assert.deepEqual(await ended, ["tok"]);
});

for (const [what, changes] of [
  ["comes again", { step: 1, answers: [] }],
  ["comes too early", { step: 3, answers: ["tok"] }],
  ["is of another user", { ...second, username: "bob" }],
  ["brings too few answers", { ...second, answers: [] }],
  ["brings too many answers", { ...second, answers: ["a", "b"] }],
] as const) {
  test(`a step that ${what} ends the login`, async () => {
    const { converse, ended, signal } = createAsker();
    const { conversations } = createConversations(converse);
    await conversations.step(makeKeyboardStep(), waiting);
    await assert.rejects(conversations.step(makeKeyboardStep(changes), waiting), GrpcError);
    assert.ok((await ended) instanceof GrpcError);
    assert.ok((await signal).aborted);
    assert.equal(conversations.size, 0);
    await assert.rejects(conversations.step(makeKeyboardStep(second), waiting), isStatus("FAILED_PRECONDITION"));
  });
}

test("a step that comes while the handler works ends the login for both", async () => {
  const signal = Promise.withResolvers<AbortSignal>();
  const { conversations } = createConversations((_dialogue, context) => {
    signal.resolve(context.signal);
    return new Promise<never>(() => {});
  });
  const first = conversations.step(makeKeyboardStep(), waiting);
  await assert.rejects(conversations.step(makeKeyboardStep(second), waiting), isStatus("FAILED_PRECONDITION"));
  await assert.rejects(first, isStatus("FAILED_PRECONDITION"));
  assert.ok((await signal.promise).aborted);
});

test("two logins of one user are two conversations", async () => {
  const answers: string[] = [];
  const { conversations } = createConversations(async (dialogue) => {
    const [answer = ""] = await dialogue.ask(["Token: "]);
    answers.push(`${dialogue.requestId} ${answer}`);
    return answer === "right" ? accepted() : denied("wrong");
  });
  await conversations.step(makeKeyboardStep({ requestId: "a" }), waiting);
  await conversations.step(makeKeyboardStep({ requestId: "b" }), waiting);
  assert.equal(conversations.size, 2);
  const b = makeKeyboardStep({ ...second, requestId: "b", answers: ["right"] });
  assert.equal((await conversations.step(b, waiting)).authResult, 1);
  const a = makeKeyboardStep({ ...second, requestId: "a", answers: ["left"] });
  await assert.rejects(conversations.step(a, waiting), isStatus("PERMISSION_DENIED"));
  assert.deepEqual(answers, ["b right", "a left"]);
});

test("a login that nobody goes on with ends after its lifetime", async () => {
  const { converse, ended, signal } = createAsker();
  const { conversations } = createConversations(converse, { lifetimeMs: 20 });
  await conversations.step(makeKeyboardStep(), waiting);
  // The timer does not keep the process: something else must.
  const alive = setInterval(() => {}, 1_000);
  assert.ok(isStatus("DEADLINE_EXCEEDED")(await ended));
  clearInterval(alive);
  assert.ok((await signal).aborted);
  assert.equal(conversations.size, 0);
});

test("a server that stops waiting for a step has given the login up", async () => {
  const calling = new AbortController();
  const signal = Promise.withResolvers<AbortSignal>();
  const { conversations } = createConversations((_dialogue, context) => {
    signal.resolve(context.signal);
    return new Promise<never>(() => {});
  });
  const step = conversations.step(makeKeyboardStep(), calling);
  calling.abort(new GrpcError("CANCELLED", "gone"));
  await assert.rejects(step, isStatus("CANCELLED"));
  assert.ok((await signal.promise).aborted);
  assert.equal(conversations.size, 0);
});

test("a server that has given up before a step begins has given the login up", async () => {
  const signal = Promise.withResolvers<AbortSignal>();
  const { conversations } = createConversations((_dialogue, context) => {
    signal.resolve(context.signal);
    return new Promise<never>(() => {});
  });
  await assert.rejects(conversations.step(makeKeyboardStep(), { signal: AbortSignal.abort() }), GrpcError);
  assert.ok((await signal.promise).aborted);
  assert.equal(conversations.size, 0);
});

test("a login that ends before its handler is no failure of the handler's", async () => {
  const lines: unknown[] = [];
  const logger: Logger = { log: (...line) => void lines.push(line), child: () => logger };
  const { converse, ended } = createAsker();
  const { conversations, end } = createConversations(converse, { logger });
  await conversations.step(makeKeyboardStep(), waiting);
  end();
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(lines, []);
});

for (const [what, ask] of [
  ["asks", (dialogue: KeyboardDialogue) => dialogue.ask(["Token: "])],
  ["lets the server check", (dialogue: KeyboardDialogue) => dialogue.checkPassword()],
] as const) {
  test(`a handler that ${what} and does something else meanwhile is told late of the end, and lives`, async () => {
    const ended = Promise.withResolvers<unknown>();
    const { conversations, end } = createConversations(async (dialogue) => {
      const answers = ask(dialogue);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await answers.catch((error: unknown) => ended.resolve(error));
      return denied("too late");
    });
    await conversations.step(makeKeyboardStep(), waiting);
    end();
    assert.ok(isStatus("UNAVAILABLE")(await ended.promise));
  });
}

test("a call that ends after its answer ends no login", async () => {
  const calling = new AbortController();
  const { converse, ended } = createAsker();
  const { conversations } = createConversations(converse);
  await conversations.step(makeKeyboardStep(), calling);
  calling.abort();
  await conversations.step(makeKeyboardStep(second), waiting);
  assert.deepEqual(await ended, ["tok"]);
});

test("logins end with the plugin", async () => {
  const { converse, ended, signal } = createAsker();
  const { conversations, end } = createConversations(converse);
  await conversations.step(makeKeyboardStep(), waiting);
  end();
  assert.ok(isStatus("UNAVAILABLE")(await ended));
  assert.ok((await signal).aborted);
  assert.equal(conversations.size, 0);
});

test("logins that were given up do not keep new ones out: the oldest ends", async () => {
  const { conversations } = createConversations(createAsker().converse, { maxOpen: 2 });
  for (const requestId of ["a", "b", "c"]) await conversations.step(makeKeyboardStep({ requestId }), waiting);
  assert.equal(conversations.size, 2);
  const stepOf = (requestId: string) => conversations.step(makeKeyboardStep({ ...second, requestId }), waiting);
  await assert.rejects(stepOf("a"), isStatus("FAILED_PRECONDITION"));
  for (const requestId of ["b", "c"]) assert.equal((await stepOf(requestId)).authResult, 1);
});

test("a login without id is refused", async () => {
  const { conversations } = createConversations(createAsker().converse);
  await assert.rejects(conversations.step(makeKeyboardStep({ requestId: "" }), waiting), isStatus("INVALID_ARGUMENT"));
});

for (const [what, converse] of [
  ["asks nothing", async (dialogue) => void (await dialogue.ask([]))],
  [
    "says for too few questions whether to echo",
    async (dialogue) => void (await dialogue.ask(["a", "b"], { echo: [true] })),
  ],
] as const satisfies readonly (readonly [string, (dialogue: KeyboardDialogue) => Promise<void>])[]) {
  test(`a handler that ${what} is told`, async () => {
    const told = Promise.withResolvers<unknown>();
    const { conversations } = createConversations(async (dialogue) => {
      await converse(dialogue).catch((error: unknown) => told.resolve(error));
      return denied("as told");
    });
    await assert.rejects(conversations.step(makeKeyboardStep(), waiting), isStatus("PERMISSION_DENIED"));
    assert.ok((await told.promise) instanceof TypeError);
  });
}

test("a handler that asks before the last answer has come is told, and ends with the answer it waits for", async () => {
  const told = Promise.withResolvers<unknown>();
  const { conversations } = createConversations(async (dialogue) => {
    const first = dialogue.ask(["Token: "]);
    await dialogue.ask(["Colour? "]).catch((error: unknown) => told.resolve(error));
    await first;
    return accepted();
  });
  await conversations.step(makeKeyboardStep(), waiting);
  assert.ok((await told.promise) instanceof TypeError);
  assert.equal((await conversations.step(makeKeyboardStep(second), waiting)).authResult, 1);
});

test("a handler that ends while its question is open ends the login", async () => {
  const late = Promise.withResolvers<unknown>();
  const { conversations } = createConversations(async (dialogue) => {
    dialogue.ask(["Token: "]).catch((error: unknown) => late.resolve(error));
    await Promise.resolve();
    return accepted();
  });
  await conversations.step(makeKeyboardStep(), waiting);
  assert.ok(isStatus("CANCELLED")(await late.promise));
  await assert.rejects(conversations.step(makeKeyboardStep(second), waiting), isStatus("FAILED_PRECONDITION"));
});

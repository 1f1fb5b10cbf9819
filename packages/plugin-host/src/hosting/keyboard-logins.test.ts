import assert from "node:assert/strict";
import { test } from "node:test";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { AuthClient, KeyboardStepResponse } from "@fairlead/plugin-sdk/client";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { KeyboardLogins, LOGIN_LIFETIME_MS } from "./keyboard-logins.ts";
import type { PluginClients } from "./launch-plugin.ts";
import { RunningCalls } from "./running-calls.ts";

/** A process that notes each step as `name: id step` and goes on asking until told what to answer. */
function createProcess(name: string, steps: string[]) {
  const process = { connected: true, authResult: 0, fails: false };
  const auth = {
    get connected() {
      return process.connected;
    },
    sendKeyboardStep: async ({ requestId, step }: { readonly requestId: string; readonly step: number }) => {
      steps.push(`${name}: ${requestId} ${step}`);
      if (process.fails) throw new GrpcError("PERMISSION_DENIED", "no");
      return { instructions: "", questions: ["?"], echos: [false], authResult: process.authResult, checkPassword: 0 };
    },
  } as unknown as AuthClient;
  const clients = { calls: new RunningCalls(), byType: { auth } } as unknown as PluginClients;
  return { ...clients, clients, process };
}

function setUp() {
  const clock = new FakeClock();
  const steps: string[] = [];
  const logins = new KeyboardLogins(clock);
  const [old, next] = [createProcess("old", steps), createProcess("new", steps)];
  const step = (through: PluginClients, requestId: string, number: number): Promise<KeyboardStepResponse> =>
    logins.through(through).sendKeyboardStep({
      requestId,
      step: number,
      username: "ann",
      password: "",
      ip: "",
      answers: [],
      questions: [],
    });
  return { clock, steps, logins, old, next, step };
}

test("steps go where the login began, and a new login to the process of now", async () => {
  const { steps, old, next, step } = setUp();
  await step(old.clients, "a", 1);
  await step(next.clients, "b", 1);
  await step(next.clients, "a", 2);
  assert.deepEqual(steps, ["old: a 1", "new: b 1", "old: a 2"]);
});

for (const [what, end] of [
  ["decided", { authResult: 1 }],
  ["failed", { fails: true }],
] as const) {
  test(`a login is a call of its process until it is ${what}`, async () => {
    const { logins, old, step } = setUp();
    await step(old.clients, "a", 1);
    assert.equal(old.calls.count, 1);
    Object.assign(old.process, end);
    await step(old.clients, "a", 2).catch(() => {});
    assert.deepEqual([old.calls.count, logins.size], [0, 0]);
  });
}

test("a login whose process is gone goes on elsewhere", async () => {
  const { steps, old, next, step } = setUp();
  await step(old.clients, "a", 1);
  old.process.connected = false;
  await step(next.clients, "a", 2);
  assert.deepEqual(steps, ["old: a 1", "new: a 2"]);
  assert.deepEqual([old.calls.count, next.calls.count], [0, 1]);
});

test("a login that nobody goes on with is forgotten when another begins", async () => {
  const { clock, logins, old, step } = setUp();
  await step(old.clients, "a", 1);
  await clock.advance(LOGIN_LIFETIME_MS - 1);
  await step(old.clients, "b", 1);
  assert.equal(logins.size, 2);
  await clock.advance(1);
  await step(old.clients, "c", 1);
  assert.equal(logins.size, 2);
  assert.equal(old.calls.count, 2);
  assert.equal(clock.pending, 0);
});

test("a client for the same process is the same one", () => {
  const { logins, old } = setUp();
  assert.equal(logins.through(old.clients), logins.through(old.clients));
});

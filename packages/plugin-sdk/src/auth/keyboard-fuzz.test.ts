import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@fairlead/go-plugin";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { createRandom } from "../../test/hostile-bytes.ts";
import { denied } from "../denied.ts";
import { makeKeyboardStep } from "../testing/make-auth-requests.ts";
import { KeyboardConversations } from "./keyboard-conversations.ts";
import { accepted } from "./keyboard-step.ts";

const rounds = 300;
const stepsARound = 60;
const ids = ["a", "b", "c"];
const waiting = { signal: new AbortController().signal };

test("whatever steps come, each is answered, and nobody is let in whom the handler did not accept", async () => {
  let allAdmissions = 0;
  await fuzz(rounds, async (seed) => {
    const random = createRandom(seed);
    const pick = (limit: number): number => Math.floor(random() * limit);
    const ending = new AbortController();
    let begun = 0;
    let ended = 0;
    let acceptances = 0;
    const conversations = new KeyboardConversations(
      async (dialogue) => {
        begun++;
        try {
          for (let asks = pick(4); asks > 0; asks--) {
            if (pick(3) === 0) await dialogue.checkPassword();
            else await dialogue.ask(["a", "b"].slice(pick(2)));
          }
          if (pick(4) === 0) throw new TypeError("as it happens");
          if (pick(2) === 0) return denied("no");
          acceptances++;
          return accepted();
        } finally {
          ended++;
        }
      },
      { logger: silentLogger, signal: ending.signal },
      { maxOpen: 2, lifetimeMs: 60_000 },
    );
    /** Where each login stands, as a server that behaves knows it. */
    const states = new Map(ids.map((id) => [id, { step: 1, answers: [] as string[] }]));
    let admissions = 0;
    for (let count = 0; count < stepsARound; count++) {
      const requestId = ids[pick(ids.length)] ?? "a";
      const state = states.get(requestId) ?? assert.fail();
      const right = { requestId, step: state.step, answers: state.answers };
      const request = pick(5) === 0 ? { requestId, step: pick(5), answers: ["x", "y"].slice(pick(3)) } : right;
      const signal = pick(20) === 0 ? AbortSignal.abort() : waiting.signal;
      const response = await conversations.step(makeKeyboardStep(request), { signal }).catch(() => undefined);
      if (response?.authResult === 1) admissions++;
      const goesOn = response?.authResult === 0;
      state.step = goesOn ? request.step + 1 : 1;
      state.answers = goesOn ? response.questions.map(() => (response.checkPassword === 0 ? "x" : "OK")) : [];
      assert.ok(conversations.size <= 2);
    }
    ending.abort();
    // Handlers run on in promises only.
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(conversations.size, 0);
    assert.equal(ended, begun);
    assert.ok(admissions <= acceptances, `${admissions} let in, ${acceptances} accepted`);
    allAdmissions += admissions;
  });
  assert.notEqual(allAdmissions, 0);
});

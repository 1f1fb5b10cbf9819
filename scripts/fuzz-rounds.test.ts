import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { fuzz } from "./fuzz-rounds.ts";

const VARIABLES = ["FUZZ_SEED", "FUZZ_ROUNDS"] as const;

suite("fuzz", () => {
  const before = VARIABLES.map((name) => process.env[name]);
  beforeEach(() => {
    for (const name of VARIABLES) delete process.env[name];
  });
  afterEach(() => {
    VARIABLES.forEach((name, i) => {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    });
  });

  test("gives each round a number of its own, the same in every run", async () => {
    assert.deepEqual(await seedsOf(4), [1, 2, 3, 4]);
  });

  test("starts where FUZZ_SEED says and goes on for FUZZ_ROUNDS", async () => {
    process.env["FUZZ_SEED"] = "70";
    process.env["FUZZ_ROUNDS"] = "2";
    assert.deepEqual(await seedsOf(4), [70, 71]);
  });

  for (const round of [
    (seed: number) => assert.notEqual(seed, 3),
    async (seed: number) => await Promise.resolve(assert.notEqual(seed, 3)),
  ]) {
    test(`stops at a failure and says which seed brings it back, ${round.constructor.name}`, async () => {
      await assert.rejects(fuzz(9, round), (error: Error) => {
        assert.match(error.message, /^seed 3 \(again: FUZZ_SEED=3 npm run fuzz\): /);
        return error.cause instanceof assert.AssertionError;
      });
    });
  }

  test("takes no nonsense for a number", async () => {
    process.env["FUZZ_SEED"] = "1e3";
    await assert.rejects(
      fuzz(1, () => {}),
      /FUZZ_SEED is a number/,
    );
  });
});

async function seedsOf(rounds: number): Promise<number[]> {
  const seeds: number[] = [];
  assert.equal(await fuzz(rounds, (seed) => void seeds.push(seed)), seeds.length);
  return seeds;
}

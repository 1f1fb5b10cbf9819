/**
 * `npm run fuzz [-- files]`: every fuzz test of the repository, or those named, with new seeds again and again, for
 * FUZZ_MINUTES (default 10) or until one fails. It prints the seed that failed; `FUZZ_SEED=<seed> npm run fuzz` runs that
 * one again, in every test. FUZZ_ROUNDS: how many seeds a pass takes (default: as many as each test takes in CI).
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const DEFAULT_MINUTES = 10;
/** Far enough below what FUZZ_SEED takes that no test counts past it. */
const MAX_SEED = 900_000_000;

/** Every file of tests that has rounds to run. */
function fuzzFiles(): string[] {
  const files = globSync("{packages,plugins,examples}/*/{src,test}/**/*.test.ts", {
    cwd: root,
    exclude: ["**/node_modules/**"],
  });
  return files.filter((file) => readFileSync(join(root, file), "utf8").includes("/fuzz-rounds.ts")).sort();
}

/** @returns whether all of them passed */
function runPass(files: readonly string[], seed: number, rounds: string | undefined): boolean {
  const env = { ...process.env, FUZZ_SEED: String(seed), ...(rounds === undefined ? {} : { FUZZ_ROUNDS: rounds }) };
  const args = ["--conditions=source", "--test", "--test-reporter=dot", ...files];
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: "inherit" }).status === 0;
}

function runAgain(files: readonly string[], seed: number): boolean {
  console.log(`seed ${seed}, once in each test of ${files.join(", ")}`);
  return runPass(files, seed, process.env["FUZZ_ROUNDS"] ?? "1");
}

function runFor(minutes: number, files: readonly string[]): boolean {
  const endAtMs = Date.now() + minutes * 60_000;
  let passes = 0;
  do {
    const seed = randomInt(MAX_SEED);
    console.log(`pass ${++passes}, from seed ${seed}`);
    if (!runPass(files, seed, process.env["FUZZ_ROUNDS"])) {
      console.log("the message of the failed test names its seed, and how to run it again");
      return false;
    }
  } while (Date.now() < endAtMs);
  console.log(`${passes} passes over ${files.length} files, none failed`);
  return true;
}

const files = process.argv.length > 2 ? process.argv.slice(2) : fuzzFiles();
const seed = process.env["FUZZ_SEED"] ?? "";
const minutes = Number(process.env["FUZZ_MINUTES"] ?? DEFAULT_MINUTES);
if (!(minutes >= 0)) throw new TypeError(`FUZZ_MINUTES is a number, not ${process.env["FUZZ_MINUTES"]}`);
const passed = seed === "" ? runFor(minutes, files) : runAgain(files, Number(seed));
if (!passed) process.exitCode = 1;

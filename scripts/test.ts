/** Runs all tests, or the files that are given: `npm test -- readme.test.ts`. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";

const EVERYTHING = [
  "*.test.ts",
  "packages/*/src/**/*.test.ts",
  "packages/*/test/**/*.test.ts",
  "plugins/*/{src,test}/**/*.test.ts",
  "examples/*/{src,test}/**/*.test.ts",
  "bench/**/*.test.ts",
  "interop/**/*.test.ts",
  "e2e/**/*.test.ts",
  "golden/{,harness/}*.test.ts",
  // CI replays the recordings by `npm run test:golden`, which finds more: explanations that explain nothing any more.
  ...((process.env["CI"] ?? "") === "" ? ["golden/groups/*.test.ts"] : []),
];

// Node runs one file less than there are processors. On two that is one, while most tests wait for other processes.
const filesAtOnce = Math.max(2, availableParallelism() - 1);
const asked = process.argv.slice(2);
const options = ["--conditions=source", "--test", `--test-concurrency=${filesAtOnce}`, "--test-timeout=300000"];
const tests = spawn(process.execPath, [...options, ...(asked.length > 0 ? asked : EVERYTHING)], { stdio: "inherit" });
const [code] = (await once(tests, "close")) as [number | null];
process.exitCode = code ?? 1;

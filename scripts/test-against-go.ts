/**
 * `npm run test:h2spec`, `test:grpc-interop` and `test:interop`: installs the Go programs a set of tests needs, runs the
 * set, and ends with a line `N passed, N failed`; the exit code says the same.
 */
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { type GoPeerName, installGoPeers, requireGo } from "./go-peers.ts";

const root = join(import.meta.dirname, "..");

interface TestSet {
  readonly peers: readonly GoPeerName[];
  readonly files: readonly string[];
}

const SETS: Readonly<Record<string, TestSet>> = {
  h2spec: {
    peers: ["h2spec"],
    files: ["packages/grpc/test/h2spec.test.ts", "packages/grpc/test/client-rules.test.ts"],
  },
  "grpc-interop": {
    peers: ["grpc-interop-client", "grpc-interop-server"],
    files: ["packages/grpc/test/go-*.test.ts"],
  },
  interop: { peers: ["grpcurl", "terraform-provider-time"], files: ["interop/**/*.test.ts"] },
};

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly string[];
}

/** A file whose process does not end says nothing any more: the test runner itself would wait for ever. */
const MAX_SILENCE_MS = 300_000;

async function runTests(files: readonly string[]): Promise<Outcome> {
  const skipped: string[] = [];
  let [passed, failed] = [0, 0];
  const stop = new AbortController();
  const silence = setTimeout(() => {
    console.log(`nothing was heard for ${MAX_SILENCE_MS / 60_000} minutes: the rest is not run`);
    stop.abort();
  }, MAX_SILENCE_MS);
  const { signal } = stop;
  const events = run({ files, cwd: root, execArgv: ["--conditions=source"], concurrency: 1, signal });
  events.on("test:pass", ({ name, skip }) => {
    if (skip !== undefined && skip !== false) skipped.push(`${name}: ${String(skip)}`);
  });
  // One for each file, and the last one, without a file, for all of them.
  events.on("test:summary", ({ counts }) => {
    passed = counts.passed;
    failed = counts.tests - counts.passed - counts.skipped - counts.todo;
  });
  for await (const text of events.compose(spec)) {
    silence.refresh();
    process.stdout.write(text as string);
  }
  clearTimeout(silence);
  return { passed, failed, skipped };
}

async function main(name: string): Promise<void> {
  const set = SETS[name];
  if (set === undefined) throw new Error(`no such set of tests: ${name}; there are ${Object.keys(SETS).join(", ")}`);
  requireGo();
  installGoPeers(set.peers);
  const files = globSync([...set.files], { cwd: root }).sort();
  const { passed, failed, skipped } = await runTests(files.map((file) => join(root, file)));
  for (const test of skipped) console.log(`skipped: ${test}`);
  console.log(`${passed} passed, ${failed} failed`);
  // Nothing passed is no success either.
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

try {
  await main(process.argv[2] ?? "");
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { classifySamples } from "./classify-samples.ts";

const bundle = ["#!/usr/bin/env node", "// packages/grpc/src/a.ts", "function a() {}", "// bench/b.ts", "b();"].join(
  "\n",
);

function sample(thread: string, ...frames: readonly string[]): string {
  return [`${thread} `, ...frames.map((frame) => `\t    7f00 ${frame}`)].join("\n");
}

test("samples are sorted by what the processor was doing", () => {
  const script = [
    sample("node-MainThread", "Builtins_Add (/usr/bin/node)", "JS:*a /tmp/x:3:1 ([JIT])", "JS:*b /tmp/x:5:1 ([JIT])"),
    sample("node-MainThread", "JS:*'#a /tmp/x:3:1 ([JIT])"),
    sample("node-MainThread", "JS:^onread node:internal/stream:1:1 ([JIT])", "JS:*a /tmp/x:3:1 ([JIT])"),
    sample("node-MainThread", "memcpy (libc.so)", "SSL_read (/usr/bin/node)"),
    sample("node-MainThread", "schedule ([kernel.kallsyms])", "ksys_write ([kernel.kallsyms])"),
    sample("node-V8Worker", "Scavenge (/usr/bin/node)"),
    "garbage",
    "",
  ].join("\n\n");
  assert.deepEqual(classifySamples(script, bundle), [
    { what: "ours: gRPC and HTTP/2", share: 2 / 6 },
    { what: "Node: JavaScript (streams, timers)", share: 1 / 6 },
    { what: "OpenSSL", share: 1 / 6 },
    { what: "kernel: write to the socket, which wakes the other side", share: 1 / 6 },
    { what: "V8: helper threads (garbage collection, compiling)", share: 1 / 6 },
  ]);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findCrashCause } from "./crash-cause.ts";

describe("findCrashCause", () => {
  const cases: readonly (readonly [what: string, stderr: readonly string[], cause: string | undefined])[] = [
    ["nothing in nothing", [], undefined],
    [
      "Node's error with its place",
      ["file:///p/x.js:2", "const x = ;", "SyntaxError: Unexpected token ';'", "Node.js v26.10.0"],
      "SyntaxError: Unexpected token ';' (/p/x.js:2)",
    ],
    [
      "an error with a code, without the place inside Node",
      [
        "node:internal/modules/package_json_reader:343",
        "  throw new ERR_MODULE_NOT_FOUND();",
        "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'nope' imported from /p/x.js",
        "  code: 'ERR_MODULE_NOT_FOUND'",
        "Node.js v26.10.0",
      ],
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'nope' imported from /p/x.js",
    ],
    ["an error among prints", ["starting", "Error: no licence", "hello", "bye"], "Error: no licence"],
    ["a Go panic", ["panic: boom", "goroutine 1 [running]:", "main.main()"], "panic: boom"],
    [
      "a Python exception",
      ["Traceback (most recent call last):", "  import nope", "ModuleNotFoundError: No module named 'nope'"],
      "ModuleNotFoundError: No module named 'nope'",
    ],
    [
      "a refusal",
      [
        "This binary is a plugin. These are not meant to be executed directly.",
        "Please execute the program that consumes these plugins, which will",
        "load any plugins automatically",
      ],
      "This binary is a plugin. These are not meant to be executed directly.",
    ],
    ["the last line otherwise", ["no licence", "giving up"], "giving up"],
    [
      "a thrown text",
      ["node:internal/x:1", "str", "(Use `node --trace-uncaught ...` to see)", "Node.js v26.10.0"],
      "str",
    ],
  ];
  for (const [what, stderr, cause] of cases) {
    it(`finds ${what}`, () => assert.equal(findCrashCause(stderr), cause));
  }
});

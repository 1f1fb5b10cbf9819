import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginLogParser } from "./plugin-log.ts";
import { StderrExcerpt } from "./stderr-excerpt.ts";

function excerptOf(lines: readonly string[]): readonly string[] {
  const parser = new PluginLogParser();
  const excerpt = new StderrExcerpt();
  for (const text of lines) {
    const piece = { text, whole: true };
    excerpt.add(piece, parser.parse(piece));
  }
  return excerpt.lines();
}

describe("StderrExcerpt", () => {
  it("keeps the first and the last lines", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    assert.deepEqual(excerptOf(lines), [...lines.slice(0, 8), "… (14 more)", ...lines.slice(-8)]);
  });

  it("drops stack frames, carets and empty lines", () => {
    const lines = [
      "/x.js:2",
      "const x = ;",
      "      ^",
      "",
      "SyntaxError: no",
      "    at f (/x.js:2:3)",
      "}",
      "Node.js v26",
    ];
    assert.deepEqual(excerptOf(lines), ["/x.js:2", "const x = ;", "SyntaxError: no", "Node.js v26"]);
  });

  it("reads hclog's JSON as a message and its error, without the stack", () => {
    const [own = "", gos = "", bare = ""] = excerptOf([
      JSON.stringify({ "@level": "error", "@message": "plugin init error", error: "Error: no\n    at f (x:1:1)" }),
      JSON.stringify({ "@level": "error", "@message": "cannot listen", err: "denied" }),
      JSON.stringify({ "@level": "info", "@message": "hello", error: 3 }),
    ]);
    assert.equal(own, "plugin init error: Error: no");
    assert.equal(gos, "cannot listen: denied");
    assert.equal(bare, "hello");
  });

  it("cuts long lines", () => {
    assert.deepEqual(excerptOf(["x".repeat(1_000)]), ["x".repeat(300)]);
  });
});

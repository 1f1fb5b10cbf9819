import assert from "node:assert/strict";
import { test } from "node:test";
import { parseArguments } from "./parse-arguments.ts";

function parse(...args: string[]): unknown {
  const parsed = parseArguments(args, (name) => {
    if (name === "verbose") return "alone";
    return ["url", "n", "x-y"].includes(name) ? "with value" : undefined;
  });
  return typeof parsed === "string" ? parsed : [Object.fromEntries(parsed.flags), parsed.rest];
}

test("one dash or two, with or without an equals sign", () => {
  for (const args of [["-url", "x"], ["--url", "x"], ["-url=x"], ["--url=x"]]) {
    assert.deepEqual(parse(...args), [{ url: ["x"] }, []]);
  }
});

test("a value is whatever follows, dashes and equals signs too", () => {
  assert.deepEqual(parse("--url", "--verbose"), [{ url: ["--verbose"] }, []]);
  assert.deepEqual(parse("--url=a=b"), [{ url: ["a=b"] }, []]);
  assert.deepEqual(parse("--url="), [{ url: [""] }, []]);
  assert.deepEqual(parse("--url", "a\nb"), [{ url: ["a\nb"] }, []]);
  assert.deepEqual(parse("--url=a\nb"), [{ url: ["a\nb"] }, []]);
});

test("a boolean flag takes no argument of its own", () => {
  assert.deepEqual(parse("--verbose", "false"), [{ verbose: ["true"] }, ["false"]]);
  assert.deepEqual(parse("--verbose=false", "-n", "1"), [{ verbose: ["false"], n: ["1"] }, []]);
});

test("a flag may come again", () => {
  assert.deepEqual(parse("--n=1", "-n", "2"), [{ n: ["1", "2"] }, []]);
});

test("flags end at two dashes, and at the first argument that is none", () => {
  assert.deepEqual(parse("--n=1", "--", "--n=2"), [{ n: ["1"] }, ["--n=2"]]);
  assert.deepEqual(parse("a", "--n=2"), [{}, ["a", "--n=2"]]);
  assert.deepEqual(parse("-", "b"), [{}, ["-", "b"]]);
  assert.deepEqual(parse("", "b"), [{}, ["", "b"]]);
});

test("what is no flag, unknown or without its value is said", () => {
  assert.equal(parse("--n=1", "---n"), "argument 2 is no flag");
  assert.equal(parse("-=1"), "argument 1 is no flag");
  assert.equal(parse("--unknown=s3cret"), "there is no flag --unknown");
  assert.equal(parse("--constructor"), "there is no flag --constructor");
  assert.equal(parse("--n"), "--n needs a value");
});

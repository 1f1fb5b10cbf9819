import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "./fairlead-error.ts";
import { createPermissions, type Permission } from "./permissions.ts";

function allows(rules: Record<string, readonly string[]>, directory: string, ...asked: Permission[]): boolean {
  return createPermissions({ permissions: rules }).allows(directory, ...asked);
}

test("the root rule holds everywhere below", () => {
  assert.ok(allows({ "/": ["list"] }, "/a/b", "list"));
  assert.ok(!allows({ "/": ["list"] }, "/a/b", "download"));
});

test("* is every permission", () => {
  assert.ok(allows({ "/": ["*"] }, "/", "create_symlinks"));
});

test("one of several asked is enough", () => {
  assert.ok(allows({ "/": ["delete_files"] }, "/", "delete", "delete_files"));
});

test("the nearest directory decides alone, nothing is inherited", () => {
  const rules = { "/": ["*"], "/a": ["list"], "/a/b": ["download"] };
  assert.ok(allows(rules, "/a/b/c", "download"));
  assert.ok(!allows(rules, "/a/b/c", "list"));
  assert.ok(!allows(rules, "/a/x", "upload"));
  assert.ok(allows(rules, "/ab", "upload"));
});

test("an empty rule allows nothing", () => {
  assert.ok(!allows({ "/": ["*"], "/a": [] }, "/a", "list"));
});

test("without any rule nothing is allowed", () => {
  assert.ok(!allows({}, "/", "list"));
  assert.ok(!allows({ "/a": ["*"] }, "/b", "list"));
});

test("a shell pattern names directories of one depth, and holds below them", () => {
  const rules = { "/": ["list"], "/home/*": ["*"] };
  assert.ok(allows(rules, "/home/ann", "upload"));
  assert.ok(allows(rules, "/home/ann/deeper", "upload"));
  assert.ok(!allows(rules, "/home", "upload"));
});

test("an exact path comes before a pattern, a longer pattern before a shorter", () => {
  const rules = { "/": [], "/d/*": ["list"], "/d/x*": ["upload"], "/d/xy": ["download"] };
  assert.ok(allows(rules, "/d/xy", "download") && !allows(rules, "/d/xy", "list"));
  assert.ok(allows(rules, "/d/xz", "upload") && !allows(rules, "/d/xz", "list"));
  assert.ok(allows(rules, "/d/a", "list"));
});

test("rules are found however the document spells their path", () => {
  assert.ok(!allows({ "/": ["*"], "/a//b/": ["list"] }, "/a/b", "upload"));
});

test("names of Object.prototype are no rules", () => {
  assert.ok(!allows({ "/": ["list"] }, "/constructor/__proto__", "upload"));
});

test("a rule that cannot be understood is refused, not left out", () => {
  for (const path of ["relative", "", "/a[", "/a\\"]) {
    assert.throws(
      () => createPermissions({ permissions: { "/": ["*"], [path]: [] } }),
      (error) => FairleadError.is(error, "ERR_INVALID_USER"),
    );
  }
});

/** Directories that may not become one another, whichever way round. */
const MOVES_BETWEEN_RULES: readonly (readonly [from: string, to: string])[] = [
  ["/a", "/free"],
  ["/a/b", "/free"],
  ["/a/b", "/a/free"],
  ["/a/b", "/p/x/q"],
  ["/p", "/free"],
  ["/p/x", "/free"],
  ["/p/x", "/p/y"],
  ["/p/x/q", "/free"],
  ["/p/x/q", "/p/x/free"],
  ["/each/x", "/free"],
  ["/each/x", "/each/special"],
  ["/each/x", "/each/special-too"],
  ["/each/*", "/each/x"],
];

const MOVES_WITHIN_RULES: readonly (readonly [from: string, to: string])[] = [
  ["/free", "/other"],
  ["/a/b/below", "/free"],
  ["/a/free", "/p/x/free"],
  ["/p/x/q/below", "/free"],
  ["/p/x/q", "/p/y/q"],
  ["/each/x", "/each/y"],
];

const RULES = { "/": ["*"], "/a/b": [], "/p/*/q": [], "/each/*": ["list"], "/each/special*": ["upload"] };
const EXACT_AND_PATTERNS = createPermissions({ permissions: { ...RULES, "/each/special": ["download"] } });

for (const [one, other] of MOVES_BETWEEN_RULES) {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    test(`a directory that goes from ${from} to ${to} comes under other rules`, () => {
      assert.equal(EXACT_AND_PATTERNS.sameRulesBelow(from, to), false);
    });
  }
}

for (const [from, to] of MOVES_WITHIN_RULES) {
  test(`a directory that goes from ${from} to ${to} takes no rule along and meets none`, () => {
    assert.equal(EXACT_AND_PATTERNS.sameRulesBelow(from, to), true);
  });
}

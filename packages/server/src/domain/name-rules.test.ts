import assert from "node:assert/strict";
import { test } from "node:test";
import { FairleadError } from "./fairlead-error.ts";
import { createNameRules } from "./name-rules.ts";

function rule(path: string, allowed: readonly string[], denied: readonly string[], denyPolicy = 0) {
  return { path, allowedPatterns: allowed, deniedPatterns: denied, denyPolicy };
}

test("without rules every name is allowed", () => {
  assert.equal(createNameRules([]).check("/a/b.zip"), "allowed");
});

test("a denied pattern refuses, whatever the case of the letters", () => {
  const rules = createNameRules([rule("/", [], ["*.ZIP"])]);
  assert.equal(rules.check("/a.zip"), "denied");
  assert.equal(rules.check("/d/A.Zip"), "denied");
  assert.equal(rules.check("/a.txt"), "allowed");
});

test("with allowed patterns everything else is refused", () => {
  const rules = createNameRules([rule("/", ["*.jpg"], [])]);
  assert.equal(rules.check("/a.jpg"), "allowed");
  assert.equal(rules.check("/a.png"), "denied");
});

test("denied comes before allowed", () => {
  assert.equal(createNameRules([rule("/", ["*"], ["x*"])]).check("/xa"), "denied");
});

test("the nearest directory's rule holds alone", () => {
  const rules = createNameRules([rule("/", [], ["*.zip"]), rule("/in", [], ["*.exe"])]);
  assert.equal(rules.check("/in/a.zip"), "allowed");
  assert.equal(rules.check("/in/deep/a.exe"), "denied");
  assert.equal(rules.check("/out/a.zip"), "denied");
});

test("deny policy 1 hides files, and directories with all they hold", () => {
  const rules = createNameRules([rule("/", [], ["secret*"], 1)]);
  assert.equal(rules.check("/secret.txt"), "hidden");
  assert.equal(rules.check("/secrets/open.txt"), "hidden");
  assert.equal(rules.check("/public/open.txt"), "allowed");
});

test("deny policy 0 leaves what a refused directory holds to its own names", () => {
  assert.equal(createNameRules([rule("/", [], ["d*"])]).check("/d1/a"), "allowed");
});

test("the root itself is never refused", () => {
  assert.equal(createNameRules([rule("/", ["*.jpg"], [], 1)]).check("/"), "allowed");
});

test("directories may change places only under the same rules", () => {
  const rules = createNameRules([rule("/a", [], ["*.zip"]), rule("/c/x", [], ["*.exe"])]);
  assert.ok(rules.sameRulesBelow("/a/d", "/a/e"));
  assert.ok(!rules.sameRulesBelow("/a/d", "/b/d"));
  assert.ok(!rules.sameRulesBelow("/c", "/d"));
  assert.ok(!rules.sameRulesBelow("/d", "/a"));
});

test("a rule that cannot be understood is refused, not left out", () => {
  for (const bad of [rule("relative", [], []), rule("/", ["[a"], []), rule("/", [], ["\\"])]) {
    assert.throws(
      () => createNameRules([bad]),
      (error) => FairleadError.is(error, "ERR_INVALID_USER"),
    );
  }
});

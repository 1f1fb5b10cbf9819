import assert from "node:assert/strict";
import { test } from "node:test";
import { parseShellPattern } from "./shell-pattern.ts";

// Expectations are those of Go's path.Match, which SFTPGo's documents are written for.
const CASES: readonly (readonly [pattern: string, text: string, matches: boolean])[] = [
  ["abc", "abc", true],
  ["*", "abc", true],
  ["*", "", true],
  ["*c", "abc", true],
  ["a*", "a", true],
  ["a*", "ab/c", false],
  ["a*/b", "abc/b", true],
  ["a*/b", "a/c/b", false],
  ["*.txt", "a.txt", true],
  ["*.txt", "txt", false],
  ["/dir/*", "/dir/sub", true],
  ["/dir/*", "/dir/sub/deeper", false],
  ["/dir/*", "/dir", false],
  ["a*b*c", "axbxc", true],
  ["a*b*c", "axbx", false],
  ["*a*a*b", "aaaaaaaaaab", true],
  ["ab[c]", "abc", true],
  ["ab[b-d]", "abc", true],
  ["ab[e-g]", "abc", false],
  ["ab[^c]", "abc", false],
  ["ab[^e-g]", "abc", true],
  ["a?b", "a☺b", true],
  ["a?b", "a🟡b", true],
  ["a???b", "a☺b", false],
  ["a?b", "a/b", false],
  ["a[/]b", "a/b", false],
  ["[\\]a]", "]", true],
  ["[\\-x]", "x", true],
  ["[x\\-]", "-", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["[a-ζ]*", "α", true],
];

for (const [pattern, text, matches] of CASES) {
  test(`${pattern} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
    assert.equal(parseShellPattern(pattern)?.matches(text), matches);
  });
}

for (const pattern of ["[", "[]", "[^", "[^]a]", "[-]", "[x-]", "[-x]", "a[", "a\\", "[a-", "[a\\"]) {
  test(`${JSON.stringify(pattern)} is malformed`, () => {
    assert.equal(parseShellPattern(pattern), undefined);
  });
}

test("a pattern made to be slow is not", () => {
  const pattern = parseShellPattern(`${"*a".repeat(60)}b`);
  assert.equal(pattern?.matches("a".repeat(255)), false);
});

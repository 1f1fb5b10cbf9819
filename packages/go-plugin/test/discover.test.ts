import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, describe, it } from "node:test";
import { discover } from "@fairlead/go-plugin/host";

const folder = mkdtempSync(join(tmpdir(), "discover-[test]-"));
after(() => rmSync(folder, { recursive: true, force: true }));

for (const name of ["sub", "odd[dir]"]) mkdirSync(join(folder, name));
const names = [
  "plugin-a",
  "plugin-b",
  "plugin-10",
  "plugin-9",
  "Plugin-C",
  ".hidden",
  "a{b,c}",
  "star*",
  "é",
  "back\\slash",
];
for (const name of [...names, "sub/plugin-x", "odd[dir]/p"]) writeFileSync(join(folder, name), "");
symlinkSync("/nowhere", join(folder, "dangling"));

// What Go 1.26's filepath.Glob answers in the same folder.
const everything = [
  ".hidden",
  "Plugin-C",
  "a{b,c}",
  "back\\slash",
  "dangling",
  "odd[dir]",
  "plugin-10",
  "plugin-9",
  "plugin-a",
  "plugin-b",
  "star*",
  "sub",
  "é",
];
const patterns: readonly (readonly [pattern: string, found: readonly string[]])[] = [
  ["*", everything],
  ["**", everything],
  ["plugin-*", ["plugin-10", "plugin-9", "plugin-a", "plugin-b"]],
  ["plugin-?", ["plugin-9", "plugin-a", "plugin-b"]],
  ["plugin-[ab]", ["plugin-a", "plugin-b"]],
  ["plugin-[^a]", ["plugin-9", "plugin-b"]],
  ["plugin-[a-b]", ["plugin-a", "plugin-b"]],
  ["plugin-[\\a-b]", ["plugin-a", "plugin-b"]],
  ["plugin-[b-a]", []],
  ["[!p]*", ["plugin-10", "plugin-9", "plugin-a", "plugin-b"]],
  ["{plugin-a,plugin-b}", []],
  ["a{b,c}", ["a{b,c}"]],
  ["star\\*", ["star*"]],
  ["back\\\\slash", ["back\\slash"]],
  ["?", ["é"]],
  ["[é]", ["é"]],
  [".*", [".hidden"]],
  ["dangling", ["dangling"]],
  ["plugin-a", ["plugin-a"]],
  ["none", []],
  ["sub", ["sub"]],
  ["*/plugin-*", ["sub/plugin-x"]],
  ["**/plugin-x", ["sub/plugin-x"]],
  ["sub//*", ["sub/plugin-x"]],
  ["./plugin-a", ["plugin-a"]],
  ["/plugin-a", ["plugin-a"]],
  ["plugin-a/", ["plugin-a"]],
  ["odd[dir]/*", []],
  ["odd\\[dir]/*", ["odd[dir]/p"]],
];

describe("discover", { timeout: 30_000 }, () => {
  for (const [pattern, found] of patterns) {
    it(`finds by ${pattern} what Go finds [discover]`, async () => {
      const paths = await discover(pattern, folder);
      assert.deepEqual(
        paths.map((path) => relative(folder, path)),
        found,
      );
      assert.ok(paths.every((path) => path.startsWith(`${folder}/`)));
    });
  }

  for (const pattern of ["[", "plugin-[", "x[", "a\\", "[]a]", "[^]", "[-]", "[a-]", "none/[", "[\\"]) {
    it(`refuses ${pattern}, as Go does [discover]`, async () => {
      await assert.rejects(discover(pattern, folder), {
        code: "ERR_INVALID_OPTION",
        message: /syntax error in pattern/,
      });
    });
  }

  for (const [pattern, problem] of [
    ["", /names nothing/],
    ["../*", /leaves its folder/],
    ["sub/../plugin-a", /leaves its folder/],
    ["x".repeat(5_000), /it has 5000 characters/],
  ] as const) {
    it(`refuses ${pattern.slice(0, 20) || "nothing"}, unlike Go [discover]`, async () => {
      await assert.rejects(discover(pattern, folder), { code: "ERR_INVALID_OPTION", message: problem });
    });
  }

  it("is not slowed down by many stars [discover]", async () => {
    const name = "a".repeat(200);
    writeFileSync(join(folder, "sub", name), "");
    // A backtracking matcher would take longer than the universe has.
    assert.deepEqual(await discover(`sub/${"*a".repeat(100)}b`, folder), []);
    rmSync(join(folder, "sub", name));
  });

  it("finds nothing in a folder that does not exist, and makes relative ones absolute [discover]", async () => {
    assert.deepEqual(await discover("*", join(folder, "absent")), []);
    const paths = await discover("plugin-a", relative(process.cwd(), folder));
    assert.deepEqual(paths, [join(folder, "plugin-a")]);
  });
});

/** Every recording is replayed by one group, or listed as not replayed: never both, never neither. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DELIBERATE_DIFFERENCES } from "./deliberate-differences.ts";
import { matches } from "./harness/matches.ts";
import { allRecordings } from "./harness/recording.ts";
import { NOT_REPLAYED, reasonNotReplayed } from "./not-replayed.ts";

const recorded = [...allRecordings().keys()];

/** Ids as they stand in the groups' files; those made of a number, `N-symlink-mode${mode}`, for each number. */
function replayedIds(): string[] {
  const folder = join(import.meta.dirname, "groups");
  const text = globSync("*.test.ts", { cwd: folder })
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
  const literal = text.matchAll(/"([A-Z][A-Z0-9]*-[^"]+)":/g);
  const patterns = [
    ...[...text.matchAll(/eachOf\("([^"]+)"/g)].map(([, pattern = ""]) => pattern),
    ...[...text.matchAll(/^ +\[`([A-Z][A-Z0-9]*-[^`]+)`\]:/gm)].map(([, id = ""]) => id.replaceAll(/\$\{\w+\}/g, "*")),
  ];
  return [
    ...[...literal].map(([, id = ""]) => id),
    ...recorded.filter((id) => patterns.some((pattern) => matches(pattern, id))),
  ];
}

test("each recorded situation is replayed or listed as not replayed", () => {
  const replayed = new Set(replayedIds());
  const neither = recorded.filter((id) => !replayed.has(id) && reasonNotReplayed(id) === undefined);
  assert.deepEqual(neither, []);
  const both = recorded.filter((id) => replayed.has(id) && reasonNotReplayed(id) !== undefined);
  assert.deepEqual(both, []);
});

test("what the groups and lists name was recorded, and once each", () => {
  const replayed = replayedIds();
  assert.deepEqual(
    replayed.filter((id) => !recorded.includes(id)),
    [],
  );
  assert.deepEqual(
    replayed.filter((id, index) => replayed.indexOf(id) !== index),
    [],
  );
  for (const { situations } of [...NOT_REPLAYED, ...DELIBERATE_DIFFERENCES]) {
    for (const pattern of situations)
      assert.ok(
        recorded.some((id) => matches(pattern, id)),
        `${pattern} was not recorded`,
      );
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { configureAny } from "../../test/support/any-plugins.ts";
import type { EntryDocument } from "../../test/support/any-plugins.ts";
import { groupByProcess } from "./process-key.ts";

/** The positions of the entries that are put together. */
function group(entries: readonly EntryDocument[], isApart = false): readonly (readonly number[])[] {
  const placed = configureAny(...entries).map((config, index) => ({ config, index }));
  return groupByProcess(placed, () => isApart).map((members) => members.map(({ index }) => index));
}

const entry = (type: string, more: object = {}): EntryDocument => ({ type, cmd: "/p", ...more });

test("entries of one executable and different types come together, wherever they are", () => {
  assert.deepEqual(group([entry("notifier"), { type: "auth", cmd: "/q" }, entry("auth"), entry("kms")]), [
    [0, 2, 3],
    [1],
  ]);
});

test("two of one type do not, and others join the first", () => {
  assert.deepEqual(group([entry("notifier"), entry("notifier"), entry("auth")]), [[0, 2], [1]]);
});

test("none come together that are known to have to be apart", () => {
  assert.deepEqual(group([entry("notifier"), entry("auth")], true), [[0], [1]]);
});

for (const [what, more] of Object.entries({
  arguments: { args: ["x"] },
  "a checksum": { sha256sum: "00".repeat(32) },
  TLS: { auto_mtls: false },
  "a prefix of variables": { env_prefix: "X_" },
  variables: { env_vars: ["X"] },
  "a sandbox": { fairlead: { sandbox: {} } },
})) {
  test(`another process is needed for ${what}`, () => {
    assert.deepEqual(group([entry("notifier"), entry("auth", more)]), [[0], [1]]);
  });
}

test("policies need no other process", () => {
  const fairlead = { restart: { factor: 3 }, health: { interval: 1 }, required: false, start_timeout: 5 };
  assert.deepEqual(group([entry("notifier"), entry("auth", { fairlead })]), [[0, 1]]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { configureAny } from "../../test/support/any-plugins.ts";
import type { EntryDocument } from "../../test/support/any-plugins.ts";
import { matchEntries } from "./match-entries.ts";

type Entries = readonly EntryDocument[];

/** For each new entry the index of the one it was. */
function match(before: Entries, now: Entries): readonly (number | undefined)[] {
  const place = (entries: Entries) => configureAny(...entries).map((config, index) => ({ config, index }));
  const placed = place(now);
  const matches = matchEntries(place(before), placed);
  return placed.map((entry) => matches.get(entry)?.index);
}

const notifier = (cmd: string, more: object = {}) => ({ type: "notifier", cmd, ...more });
const auth = (cmd: string, more: object = {}) => ({ type: "auth", cmd, ...more });

test("entries are found again when others come and go before them", () => {
  assert.deepEqual(match([notifier("/a"), notifier("/b"), auth("/c")], [notifier("/b"), auth("/c")]), [1, 2]);
  assert.deepEqual(match([notifier("/b")], [notifier("/a"), notifier("/b")]), [undefined, 0]);
  assert.deepEqual(match([notifier("/a"), notifier("/b")], [notifier("/b"), notifier("/a")]), [1, 0]);
});

test("of entries of one executable each keeps its own options", () => {
  const uploads = notifier("/a", { args: ["uploads"] });
  const logins = notifier("/a", { args: ["logins"] });
  assert.deepEqual(match([uploads, logins], [logins, uploads]), [1, 0]);
  assert.deepEqual(match([uploads, logins], [logins]), [1]);
});

test("an entry with other arguments is the one of that executable", () => {
  assert.deepEqual(match([notifier("/a"), notifier("/b")], [notifier("/b", { args: ["x"] })]), [1]);
});

test("another executable in the same place is the same entry", () => {
  assert.deepEqual(match([notifier("/a-1.0")], [notifier("/a-1.1")]), [0]);
});

test("an entry of another type is another entry, whatever its executable", () => {
  assert.deepEqual(match([notifier("/a")], [auth("/a")]), [undefined]);
});

test("an auth plugin in another place takes over from the one before, a notifier does not", () => {
  assert.deepEqual(match([auth("/a")], [notifier("/n"), auth("/b")]), [undefined, 0]);
  assert.deepEqual(match([notifier("/a")], [auth("/n"), notifier("/b")]), [undefined, undefined]);
});

test("two entries that say the same are two", () => {
  assert.deepEqual(match([notifier("/a"), notifier("/a")], [notifier("/a"), notifier("/a")]), [0, 1]);
  assert.deepEqual(match([notifier("/a")], [notifier("/a"), notifier("/a")]), [0, undefined]);
});

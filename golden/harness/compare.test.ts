import assert from "node:assert/strict";
import { test } from "node:test";
import { compareRpcs, type NormalRpc } from "./compare.ts";

function fsEvent(action: string, path: string, more: Readonly<Record<string, unknown>> = {}): NormalRpc {
  const req = { action, virtual_path: path, file_size: "100", ...more };
  return { probe: "notifier#1", method: "/proto.Notifier/SendFsEvent", req, deadlineS: 20 };
}

function user(text: string): NormalRpc {
  const req = { username: "u", user: { _json: JSON.parse(text) as unknown, _len: "$N", _text: text } };
  return { probe: "auth#1", method: "/proto.Auth/CheckUserAndPass", req, deadlineS: 20 };
}

const names = (ours: readonly NormalRpc[], theirs: readonly NormalRpc[]): string[] =>
  compareRpcs(ours, theirs).map(({ at }) => at);

test("the same requests in the same order are no difference", () => {
  const rpcs = [fsEvent("pre-upload", "/a"), fsEvent("upload", "/a")];
  assert.deepEqual(names(rpcs, rpcs), []);
});

test("each field that is another is one difference, a field that only one side has too", () => {
  const ours = fsEvent("upload", "/a", { file_size: "99", made_up: 1 });
  assert.deepEqual(names([ours], [fsEvent("upload", "/a", { status: 1 })]), [
    "upload /a: file_size",
    "upload /a: status",
    "upload /a: made_up",
  ]);
});

test("deadline and process are compared", () => {
  const late = { ...fsEvent("upload", "/a"), deadlineS: undefined, probe: "notifier#2" };
  assert.deepEqual(names([late], [fsEvent("upload", "/a")]), ["upload /a: deadline", "upload /a: process"]);
});

test("what came in another order, not at all or too often is named", () => {
  const [pre, main, first] = [fsEvent("pre-upload", "/a"), fsEvent("upload", "/a"), fsEvent("first-upload", "/a")];
  assert.deepEqual(names([pre, main], [pre, main, first]), ["missing: first-upload /a"]);
  assert.deepEqual(names([pre, main, main], [pre, main]), ["too many: upload /a"]);
  assert.deepEqual(names([main, pre], [pre, main]).sort(), ["missing: upload /a", "too many: upload /a"].sort());
});

test("a document is compared member by member, and by the order of its members when these are the same", () => {
  assert.deepEqual(names([user('{"id":1,"status":0}')], [user('{"id":1,"status":1}')]), [
    "CheckUserAndPass u: user.status",
  ]);
  assert.deepEqual(names([user('{"status":1,"id":1}')], [user('{"id":1,"status":1}')]), [
    "CheckUserAndPass u: user text",
  ]);
});

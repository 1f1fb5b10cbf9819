import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { GrpcError } from "@fairlead/grpc";
import { createUser, decodeUser, encodeUser, isKnownUser } from "./user-document.ts";

const recordedUsers = readFileSync(`${import.meta.dirname}/../../testdata/plugin-requests.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => (JSON.parse(line) as { readonly request: { readonly user?: string } }).request.user)
  .filter((user) => user !== undefined);

const isInvalid = (error: unknown): boolean => GrpcError.is(error, "INVALID_ARGUMENT");

test("recorded users come back to the letter", () => {
  assert.notEqual(recordedUsers.length, 0);
  for (const text of recordedUsers) {
    assert.equal(Buffer.from(encodeUser(decodeUser(Buffer.from(text)))).toString(), text);
  }
});

test("a changed copy keeps what newer servers added", () => {
  const text =
    '{"id":3,"username":"ann","virtual_folders":[{"name":"f","virtual_path":"/f","subpath":"s"}],"new":{"a":1}}';
  const changed = encodeUser({ ...decodeUser(Buffer.from(text)), quota_files: 10 });
  assert.equal(Buffer.from(changed).toString(), `${text.slice(0, -1)},"quota_files":10}`);
});

test("a user is known when it has an id", () => {
  for (const [text, known] of [
    ['{"id":1}', true],
    ['{"id":9223372036854775807}', true],
    ['{"id":0,"username":"ghost"}', false],
    ['{"id":"1"}', false],
    ["{}", false],
    ["", false],
  ] as const) {
    assert.equal(isKnownUser(decodeUser(Buffer.from(text))), known, text);
  }
});

for (const text of ["[]", "null", "1", '"x"', "{", '{"a":1e400}', "\ufeffx"]) {
  test(`what is no JSON object is refused: ${text}`, () => {
    assert.throws(() => decodeUser(Buffer.from(text)), isInvalid);
  });
}

test("what is no UTF-8 is refused", () => {
  assert.throws(() => decodeUser(Buffer.from('{"username":"\xe9"}', "latin1")), isInvalid);
});

test("a refusal says nothing of the document, which has secrets", () => {
  assert.throws(
    () => decodeUser(Buffer.from('{"password":"hunter2"')),
    (error: unknown) => {
      assert.ok(error instanceof Error);
      assert.equal(error.cause, undefined);
      return !String(error.stack).includes("hunter2");
    },
  );
});

test("a new user may log in and do everything in its home, unless said otherwise", () => {
  assert.deepEqual(createUser({ username: "ann" }), { status: 1, permissions: { "/": ["*"] }, username: "ann" });
  const guest = createUser({ username: "guest", permissions: { "/": ["list"] }, home_dir: "/srv/guest" });
  assert.deepEqual(guest.permissions, { "/": ["list"] });
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { FairleadError } from "./fairlead-error.ts";
import { parseUser, type User } from "./user.ts";
import { type UserRules, validateUser } from "./validate-user.ts";

const RULES: UserRules = { namingRules: 5, usersBaseDir: "" };

function user(more: Record<string, unknown> = {}): User {
  return parseUser({ username: "alice", status: 1, home_dir: "/srv/alice", permissions: { "/": ["*"] }, ...more });
}

test("a complete user stays as it is, unknown fields included", () => {
  const before = user({ future: 1 });
  assert.deepEqual(validateUser(before, RULES).document, before.document);
});

test("an absent home is the name's folder in the base directory", () => {
  const rules = { ...RULES, usersBaseDir: "/srv/sftp" };
  assert.equal(validateUser(user({ home_dir: "" }), rules).homeDir, "/srv/sftp/alice");
});

test("a given home is normalised and kept, whatever the base directory", () => {
  const rules = { ...RULES, usersBaseDir: "/srv/sftp" };
  assert.equal(validateUser(user({ home_dir: "/data//x/../alice" }), rules).homeDir, "/data/alice");
});

for (const [rules, given, stored] of [
  [5, "  Alice ", "Alice"],
  [7, " Alice", "alice"],
  [2, "Alice", "alice"],
  [1, "Ä b", "Ä b"],
] as const) {
  test(`with naming rules ${rules} the name "${given}" is stored as "${stored}"`, () => {
    assert.equal(validateUser(user({ username: given }), { ...RULES, namingRules: rules }).username, stored);
  });
}

for (const [what, more, rules, field] of [
  ["no name", { username: "  " }, RULES, "username"],
  ["a reserved name", { username: "__system__" }, RULES, "username"],
  ["a name with a line break", { username: "a\nb" }, RULES, "username"],
  [
    "a name of other characters, where they are not allowed",
    { username: "a b" },
    { ...RULES, namingRules: 0 },
    "username",
  ],
  ["no home and no base directory", { home_dir: "" }, RULES, "home_dir"],
  ["a relative home", { home_dir: "alice" }, RULES, "home_dir"],
  ["a home with a NUL", { home_dir: "/a\0b" }, RULES, "home_dir"],
  [
    "a name that would leave the base directory",
    { username: "../x", home_dir: "" },
    { ...RULES, usersBaseDir: "/b" },
    "home_dir",
  ],
  ["the name .. as folder", { username: "..", home_dir: "" }, { ...RULES, usersBaseDir: "/b" }, "home_dir"],
  ["no permissions", { permissions: {} }, RULES, "permissions"],
  ["no permissions for /", { permissions: { "/a": ["*"] } }, RULES, "permissions"],
  ["an unknown permission", { permissions: { "/": ["*"], "/a": ["fly"] } }, RULES, "permissions"],
  ["a broken key", { public_keys: ["ssh-ed25519 AAAA"] }, RULES, "public_keys"],
  ["a broken range", { filters: { allowed_ip: ["10.0.0.0/99"] } }, RULES, "filters.allowed_ip"],
  ["an unknown login method", { filters: { denied_login_methods: ["smile"] } }, RULES, "filters.denied_login_methods"],
  ["an unknown protocol", { filters: { denied_protocols: ["SFTP"] } }, RULES, "filters.denied_protocols"],
  ["a negative expiration", { expiration_date: -1 }, RULES, "expiration_date"],
] as const) {
  test(`a user with ${what} is refused`, () => {
    assert.throws(
      () => validateUser(user(more), rules),
      (error) => FairleadError.is(error, "ERR_INVALID_USER") && error.details["field"] === field,
    );
  });
}

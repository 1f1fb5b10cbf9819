import assert from "node:assert/strict";
import { test } from "node:test";
import { format, inspect } from "node:util";
import { Secret } from "./secret.ts";

const secret = new Secret("hunter2");
/** As in a program that nobody checked the types of. */
const insert = (value: unknown): string => `no connection to ${value as string}`;

test("a secret gives itself away only when it is asked to", () => {
  assert.equal(secret.reveal(), "hunter2");
});

test("a secret is redacted wherever it is shown", () => {
  const nested = { list: [secret], map: new Map([["key", secret]]) };
  const shown = [
    String(secret),
    insert(secret),
    JSON.stringify({ secret, nested }),
    inspect(nested, { showHidden: true, depth: 9 }),
    format("%s %o %O %j", secret, secret, secret, secret),
    new TypeError(insert(secret)).stack ?? "",
    [secret].join(),
    Object.entries(secret).join(),
  ];
  for (const text of shown) assert.ok(!text.includes("hunter2"), text);
  assert.equal(insert(secret), "no connection to [redacted]");
  assert.equal(JSON.stringify({ secret }), '{"secret":"[redacted]"}');
  assert.equal(inspect(secret), "[redacted]");
});

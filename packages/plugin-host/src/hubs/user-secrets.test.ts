import assert from "node:assert/strict";
import { test } from "node:test";
import { listUserSecrets } from "./user-secrets.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test("the document, the password's hash and the parts of stored secrets are secrets", () => {
  const text = JSON.stringify({
    username: "ann",
    password: "$2a$10$hash",
    filters: { totp_config: { secret: { status: "Secretbox", payload: "cipher", key: "salt", mode: 1 } } },
    filesystem: { s3config: { access_secret: { payload: "other" } } },
  });
  assert.deepEqual(new Set(listUserSecrets(encode(text))), new Set([text, "$2a$10$hash", "cipher", "salt", "other"]));
});

test("a document that is no JSON is a secret as a whole", () => {
  assert.deepEqual(listUserSecrets(encode("{oops")), ["{oops"]);
});

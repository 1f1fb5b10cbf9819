import assert from "node:assert/strict";
import { test } from "node:test";

import { hideKeys } from "./hide-keys.ts";

test("what a secret could be read with is left out, wherever it stands", () => {
  const secret = { status: "Secretbox", payload: "cGF5", key: "00ff", additional_data: "ann", mode: 1 };
  const shown = { status: "Secretbox", payload: "cGF5", mode: 1 };
  assert.deepEqual(
    hideKeys({
      username: "ann",
      status: 1,
      filesystem: { provider: 4, cryptconfig: { passphrase: secret } },
      filters: { recovery_codes: [{ used: true, secret }] },
    }),
    {
      username: "ann",
      status: 1,
      filesystem: { provider: 4, cryptconfig: { passphrase: shown } },
      filters: { recovery_codes: [{ used: true, secret: shown }] },
    },
  );
});

test("a text that was never encrypted is not shown", () => {
  assert.deepEqual(hideKeys({ a: { status: "Plain", payload: "hunter2" } }), { a: { status: "Plain" } });
});

test("everything else stays", () => {
  const document = { key: "x", n: 2n ** 60n, list: [1, null, { key: "y" }], nothing: null };
  assert.deepEqual(hideKeys(document), document);
});

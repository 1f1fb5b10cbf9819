import assert from "node:assert/strict";
import { test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import type { JsonDocument } from "../domain/json-document.ts";
import { checkSecrets, encryptSecrets } from "./encrypt-secrets.ts";
import type { SecretStore } from "./secret-store.ts";
import { valueAt } from "./secrets-of.ts";

/** Encrypts by putting a text in brackets. */
function fakeSecrets(): SecretStore & { readonly encrypted: string[] } {
  const encrypted: string[] = [];
  return {
    encrypted,
    encrypt: async (plain, additionalData) => {
      encrypted.push(plain);
      return { status: "AWS", payload: `<${plain}>`, key: "", additionalData, mode: 0 };
    },
    decrypt: async (secret) => secret.payload.slice(1, -1),
    canDecrypt: (status) => status === "AWS" || status === "Secretbox",
  };
}

const plain = (payload: string) => ({ status: "Plain", payload });
const sealed = (payload: string) => ({ status: "AWS", payload, additional_data: "ann" });
const crypt = (passphrase: unknown) => ({ filesystem: { provider: 4, cryptconfig: { passphrase } } });

async function encrypt(document: JsonDocument, stored?: JsonDocument) {
  const secrets = fakeSecrets();
  const result = await encryptSecrets(document, {
    secrets,
    username: "ann",
    ...(stored === undefined ? {} : { stored }),
  });
  return { result, encrypted: secrets.encrypted };
}

async function rejectsField(document: JsonDocument, field: string): Promise<void> {
  const secrets = fakeSecrets();
  await assert.rejects(
    encryptSecrets(document, { secrets, username: "ann" }),
    (error: Error) => FairleadError.is(error, "ERR_INVALID_USER") && error.details["field"] === field,
  );
  assert.deepEqual(secrets.encrypted, []);
}

test("each secret of the user's filesystem is encrypted for the user", async () => {
  for (const [provider, block, names] of [
    [1, "s3config", ["access_secret", "sse_customer_key"]],
    [2, "gcsconfig", ["credentials"]],
    [3, "azblobconfig", ["account_key", "sas_url"]],
    [4, "cryptconfig", ["passphrase"]],
    [5, "sftpconfig", ["password", "private_key", "key_passphrase"]],
    [6, "httpconfig", ["password", "api_key"]],
  ] as const) {
    const config = Object.fromEntries(names.map((name) => [name, plain(`${name}!`)]));
    const { result } = await encrypt({ filesystem: { provider, [block]: { ...config, other: 1 } } });
    for (const name of names) {
      const expected = sealed(`<${name}!>`);
      assert.deepEqual(valueAt(result, ["filesystem", block, name]), expected);
    }
    assert.equal(valueAt(result, ["filesystem", block, "other"]), 1);
  }
});

test("the secret of a second factor and each recovery code are encrypted", async () => {
  const filters = {
    totp_config: { enabled: true, secret: plain("abc") },
    recovery_codes: [{ secret: plain("one") }, { used: true, secret: sealed("owt") }, { secret: {} }],
  };
  const { result } = await encrypt({ filters });
  assert.deepEqual(result["filters"], {
    totp_config: { enabled: true, secret: sealed("<abc>") },
    recovery_codes: [{ secret: sealed("<one>") }, { used: true, secret: sealed("owt") }, { secret: {} }],
  });
});

test("the secret of a second factor that is off is dropped", async () => {
  const { result, encrypted } = await encrypt({ filters: { totp_config: { enabled: false, secret: plain("abc") } } });
  assert.deepEqual(result, { filters: { totp_config: { secret: {} } } });
  assert.deepEqual(encrypted, []);
});

test("secrets of filesystems the user does not have are dropped", async () => {
  const { result, encrypted } = await encrypt({
    filesystem: {
      provider: 4,
      cryptconfig: { passphrase: plain("a") },
      s3config: { access_secret: plain("b"), region: "x" },
    },
  });
  assert.deepEqual(valueAt(result, ["filesystem", "s3config"]), { access_secret: {}, region: "x" });
  assert.deepEqual(encrypted, ["a"]);
});

test("a plain secret where none is known is encrypted too", async () => {
  const { result } = await encrypt({ filesystem: { provider: 0, ftpconfig: { deep: [{ password: plain("abc") }] } } });
  assert.deepEqual(valueAt(result, ["filesystem", "ftpconfig", "deep", 0, "password"]), sealed("<abc>"));
});

test("what is encrypted already is stored as it is", async () => {
  const document = crypt(sealed("xyz"));
  const { result, encrypted } = await encrypt(document);
  assert.deepEqual(result, document);
  assert.deepEqual(encrypted, []);
});

test("a redacted secret keeps what is stored", async () => {
  const { result } = await encrypt(crypt({ status: "Redacted" }), crypt(sealed("old")));
  assert.deepEqual(result, crypt(sealed("old")));
});

test("a redacted secret with nothing stored is refused", async () => {
  await rejectsField(crypt({ status: "Redacted", payload: "x" }), "filesystem.cryptconfig.passphrase");
});

test("a status nobody reads is refused before anything is encrypted: it may be a slip", async () => {
  for (const status of ["plain", "GCP", "PLAIN"]) {
    const filesystem = {
      provider: 1,
      s3config: { access_secret: plain("a"), sse_customer_key: { status, payload: "x" } },
    };
    await rejectsField({ filesystem }, "filesystem.s3config.sse_customer_key");
  }
});

test("what is no secret is refused, and not quoted", async () => {
  for (const [secret, field] of [
    ["hunter2", "passphrase"],
    [{ payload: "hunter2" }, "passphrase"],
    [{ status: "Plain", payload: 5 }, "passphrase.payload"],
    [{ status: "Plain" }, "passphrase"],
    [{ status: "AWS", payload: "x", mode: "1" }, "passphrase.mode"],
    [{ status: "Plain", payload: "x".repeat(300_000) }, "passphrase.payload"],
    [{ status: "Secretbox", payload: "x", key: "ab" }, "passphrase"],
    [{ status: "AWS", payload: "x", key: "a".repeat(63) }, "passphrase"],
  ] as const) {
    await rejectsField(crypt(secret), `filesystem.cryptconfig.${field}`);
  }
});

test("checking refuses as encrypting would", () => {
  assert.throws(() => checkSecrets(crypt({ status: "plain", payload: "x" }), fakeSecrets()));
  checkSecrets(crypt(plain("x")), fakeSecrets());
});

test("a document as deep as a bomb is refused", async () => {
  let document: JsonDocument = plain("x");
  for (let depth = 0; depth < 1000; depth++) {
    document = { a: document };
  }
  await assert.rejects(encrypt(document), (error) => FairleadError.is(error, "ERR_INVALID_USER"));
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import type { KmsPlugins, KmsProvider } from "./kms-plugins.ts";
import { formatSecret, parseSecret, type Secret } from "./secret.ts";
import { createSecretStore, requireKmsProvider } from "./secret-store.ts";

interface Vector {
  readonly url: string;
  readonly masterKey: string;
  readonly plain: string;
  readonly secret: unknown;
}

const recorded = JSON.parse(
  readFileSync(new URL("../../test/fixtures/sftpgo-secrets.json", import.meta.url), "utf8"),
) as { readonly vectors: readonly Vector[] };

const NONE: KmsPlugins = { schemeFor: () => undefined, byStatus: () => undefined };
const local = createSecretStore({ url: "", masterKey: "" }, NONE);
const keyed = createSecretStore({ url: "local://", masterKey: "golden master key" }, NONE);
const builtin = createSecretStore({ url: "builtin://", masterKey: "golden master key" }, NONE);

/** A kms plugin that answers what it is told. */
function pluginsWith(provider: Partial<KmsProvider>): KmsPlugins & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const whole: KmsProvider = {
    scheme: "awskms",
    encryptedStatus: "AWS",
    encrypt: async (request) => {
      asked.push(request);
      return { payload: `sealed ${request.payload.length}`, key: "", mode: 0 };
    },
    decrypt: async (request) => {
      asked.push(request);
      return "plain";
    },
    ...provider,
  };
  return {
    asked,
    schemeFor: (url) => (url.startsWith(whole.scheme) ? whole : undefined),
    byStatus: (status) => (status === whole.encryptedStatus ? whole : undefined),
  };
}

const AWS: Secret = { status: "AWS", payload: "x", key: "", additionalData: "ann", mode: 0 };
const aws = (provider: Partial<KmsProvider> = {}) =>
  createSecretStore({ url: "awskms://alias/x", masterKey: "mk" }, pluginsWith(provider));
const isSecretError = (error: unknown) => FairleadError.is(error, "ERR_SECRET");

test("what a real SFTPGo encrypted with local:// and builtin:// decrypts, with and without a master key", async () => {
  assert.ok(recorded.vectors.length >= 16);
  for (const { url, masterKey, plain, secret } of recorded.vectors) {
    const store = createSecretStore({ url, masterKey }, NONE);
    assert.equal(await store.decrypt(parseSecret(secret, "x")!), plain);
  }
});

test("a recorded secret is written as it was read", () => {
  for (const { secret } of recorded.vectors) {
    assert.equal(JSON.stringify(formatSecret(parseSecret(secret, "x")!)), JSON.stringify(secret));
  }
});

test("what is encrypted decrypts, and has SFTPGo's form", async () => {
  for (const store of [local, keyed, builtin]) {
    const secret = await store.encrypt("pässword ☃", "ann");
    assert.equal(await store.decrypt(secret), "pässword ☃");
    assert.match(secret.key, /^[0-9a-f]{64}$/);
    assert.equal(secret.additionalData, "ann");
  }
});

test("mode 1 tells that the master key was used, which builtin:// never does", async () => {
  const modes = await Promise.all([local, keyed, builtin].map(async (store) => (await store.encrypt("x", "a")).mode));
  assert.deepEqual(modes, [0, 1, 0]);
});

test("the same text encrypts to something else each time", async () => {
  const [one, other] = [await local.encrypt("x", "ann"), await local.encrypt("x", "ann")];
  assert.notEqual(one.payload, other.payload);
  assert.notEqual(one.key, other.key);
});

test("a secret made without a master key is read although there is one by now", async () => {
  assert.equal(await keyed.decrypt(await local.encrypt("x", "ann")), "x");
});

test("another master key, or none, reads nothing", async () => {
  const secret = await keyed.encrypt("x", "ann");
  await assert.rejects(local.decrypt(secret), isSecretError);
  await assert.rejects(createSecretStore({ url: "", masterKey: "other" }, NONE).decrypt(secret), isSecretError);
});

test("a secret moved to another user or changed by a bit is refused", async () => {
  for (const store of [local, keyed, builtin]) {
    const secret = await store.encrypt("plain text", "ann");
    const flipped = secret.payload.replace(/[0-9a-f](?=.{9}$)/i, (digit) => (digit === "0" ? "1" : "0"));
    await assert.rejects(store.decrypt({ ...secret, additionalData: "bob" }), isSecretError);
    if (flipped !== secret.payload) await assert.rejects(store.decrypt({ ...secret, payload: flipped }), isSecretError);
    for (const damaged of [{ payload: "" }, { payload: "AA==" }, { key: "" }, { key: "zz".repeat(32) }]) {
      await assert.rejects(store.decrypt({ ...secret, ...damaged }), isSecretError);
    }
  }
});

async function statusOf(url: string): Promise<string> {
  return (await createSecretStore({ url, masterKey: "" }, pluginsWith({})).encrypt("x", "a")).status;
}

test("the provider goes by the begin of the url, as in SFTPGo", async () => {
  assert.deepEqual(
    await Promise.all(["", "local", "localx", "local://a", "builtin", "builtin://", "awskms://k"].map(statusOf)),
    ["Secretbox", "Secretbox", "Secretbox", "Secretbox", "AES-256-GCM", "AES-256-GCM", "AWS"],
  );
});

test("a url nobody encrypts for is refused at the start, without what may be a credential in it", () => {
  for (const url of ["gcpkms://token@x", "Local://", " local://"]) {
    assert.throws(
      () => requireKmsProvider({ url, masterKey: "" }, pluginsWith({})),
      (error) => FairleadError.is(error, "ERR_CONFIG_VALUE") && !error.message.includes("token"),
    );
  }
  requireKmsProvider({ url: "awskms://alias/x", masterKey: "" }, pluginsWith({}));
});

test("a plugin gets url and master key, and what it said when it encrypted", async () => {
  const plugins = pluginsWith({});
  const store = createSecretStore({ url: "awskms://alias/x", masterKey: "mk" }, plugins);
  const secret = await store.encrypt("text", "ann");
  assert.deepEqual(secret, { status: "AWS", payload: "sealed 4", key: "", additionalData: "ann", mode: 0 });
  await store.decrypt({ ...secret, mode: 5 });
  assert.deepEqual(plugins.asked, [
    { payload: "text", additionalData: "ann", url: "awskms://alias/x", masterKey: "mk" },
    { payload: "sealed 4", key: "", additionalData: "ann", mode: 5, url: "awskms://alias/x", masterKey: "mk" },
  ]);
});

test("the plugin of a secret's status reads it with the url of now", async () => {
  const plugins = pluginsWith({});
  assert.equal(await createSecretStore({ url: "local://", masterKey: "" }, plugins).decrypt(AWS), "plain");
  assert.deepEqual(plugins.asked, [
    { payload: "x", key: "", additionalData: "ann", mode: 0, url: "local://", masterKey: "" },
  ]);
});

test("a status nobody reads is refused by name, with what is missing", async () => {
  await assert.rejects(
    local.decrypt(AWS),
    (error: Error) =>
      isSecretError(error) && /status "AWS".*kms_options\.encrypted_status is "AWS"/.test(error.message),
  );
});

test("keys of a wrong length are refused before the plugin is asked, where SFTPGo looks at them", async () => {
  const plugins = pluginsWith({});
  const store = createSecretStore({ url: "", masterKey: "" }, plugins);
  for (const key of ["abc", "a".repeat(63)]) {
    await assert.rejects(store.decrypt({ ...AWS, key }), isSecretError);
  }
  assert.deepEqual(plugins.asked, []);
  assert.equal(await store.decrypt({ ...AWS, key: "a".repeat(64) }), "plain");
  const oci = createSecretStore({ url: "", masterKey: "" }, pluginsWith({ encryptedStatus: "OracleKeyVault" }));
  assert.equal(await oci.decrypt({ ...AWS, status: "OracleKeyVault", key: "abc" }), "plain");
});

test("a key of any length and a mode of any number that a plugin answers are kept, as observed", async () => {
  const store = aws({ encrypt: async () => ({ payload: "p", key: "abc", mode: 5 }) });
  assert.deepEqual(await store.encrypt("x", "ann"), { ...AWS, payload: "p", key: "abc", mode: 5 });
});

test("a plugin's failure is passed on in its words", async () => {
  const failing = aws({
    encrypt: () => Promise.reject(new TypeError("kms is down")),
    decrypt: () => Promise.reject(new TypeError("kms is down")),
  });
  for (const attempt of [failing.encrypt("hunter2", "ann"), failing.decrypt(AWS)]) {
    await assert.rejects(attempt, (error: Error) => isSecretError(error) && error.message.includes("kms is down"));
  }
});

test("answers that make no sense are refused", async () => {
  const huge = "x".repeat(300_000);
  for (const sealed of [
    { payload: "", key: "", mode: 0 },
    { payload: huge, key: "", mode: 0 },
    { payload: "p", key: huge, mode: 0 },
    { payload: "p", key: "", mode: Number.NaN },
    { payload: "p", key: "", mode: 2 ** 40 },
  ]) {
    await assert.rejects(aws({ encrypt: async () => sealed }).encrypt("x", "ann"), isSecretError);
  }
  await assert.rejects(aws({ decrypt: async () => huge }).decrypt(AWS), isSecretError);
});

test("no message has anything of the secret or the master key", async () => {
  const store = createSecretStore({ url: "awskms://x", masterKey: "mAsTeR" }, pluginsWith({ encryptedStatus: "GCP" }));
  const attempts = [
    store.decrypt({ ...AWS, payload: "pAyLoAd", key: "kEy" }),
    keyed.decrypt({ ...AWS, status: "Secretbox", payload: "pAyLoAd", key: "kEy", mode: 1 }),
    aws().encrypt("pAyLoAd".repeat(100_000), "ann"),
  ];
  for (const attempt of attempts) {
    await assert.rejects(attempt, (error: FairleadError) => {
      const shown = `${error.message} ${JSON.stringify(error.details)}`;
      return isSecretError(error) && !/pAyLoAd|kEy|mAsTeR|golden/.test(shown);
    });
  }
});

test("a stored plain text is given back", async () => {
  assert.equal(await local.decrypt({ ...AWS, status: "Plain", payload: "x" }), "x");
});

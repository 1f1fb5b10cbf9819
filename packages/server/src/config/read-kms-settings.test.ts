import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import { type Config, loadConfig } from "./load-config.ts";
import { readKmsSettings } from "./read-kms-settings.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-kms-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(content: object, env: Record<string, string> = {}): Config {
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify(content));
  return loadConfig({ configDir: folder, env });
}

function settingsWith(secrets: object, env: Record<string, string> = {}) {
  return readKmsSettings(load({ kms: { secrets } }, env));
}

function writeKey(content: Buffer | string): string {
  const file = join(folder, "master.key");
  writeFileSync(file, content);
  return file;
}

function refuses(content: object, message: RegExp, env: Record<string, string> = {}): void {
  assert.throws(
    () => readKmsSettings(load(content, env)),
    (error: Error) => FairleadError.is(error, "ERR_CONFIG_VALUE") && message.test(error.message),
  );
}

test("without a kms section secrets are local and there is no master key", () => {
  assert.deepEqual(readKmsSettings(load({})), { url: "", masterKey: "" });
});

test("url and master key come from the file, and from variables over it", () => {
  const secrets = { url: "builtin://", master_key: "one" };
  assert.deepEqual(settingsWith(secrets), { url: "builtin://", masterKey: "one" });
  const env = { SFTPGO_KMS__SECRETS__URL: "awskms://x", SFTPGO_KMS__SECRETS__MASTER_KEY: "two" };
  assert.deepEqual(settingsWith(secrets, env), { url: "awskms://x", masterKey: "two" });
});

test("the file of the master key goes before the key, without the white space around it", () => {
  for (const content of ["golden key", "golden key\n", "  golden key \r\n"]) {
    assert.equal(settingsWith({ master_key: "other", master_key_path: writeKey(content) }).masterKey, "golden key");
  }
  const env = { SFTPGO_KMS__SECRETS__MASTER_KEY_PATH: writeKey("from a variable") };
  assert.equal(settingsWith({}, env).masterKey, "from a variable");
});

test("a file of the master key that is not absolute, missing, a folder, empty or huge is refused", () => {
  mkdirSync(join(folder, "d"));
  for (const [file, message] of [
    ["master.key", /it is not absolute/],
    [join(folder, "none"), /no such file/],
    [join(folder, "d"), /EISDIR/],
  ] as const) {
    refuses({ kms: { secrets: { master_key_path: file } } }, message);
  }
  refuses({ kms: { secrets: { master_key_path: writeKey(" \n") } } }, /it is empty/);
  refuses({ kms: { secrets: { master_key_path: writeKey("x".repeat(100_000)) } } }, /more than 65536 bytes/);
});

test("a device without end does no harm", () => {
  refuses({ kms: { secrets: { master_key_path: "/dev/zero" } } }, /more than 65536 bytes/);
});

test("a master key of a wrong type is refused without being shown", () => {
  refuses({ kms: { secrets: { master_key: { hunter2: 1 } } } }, /kms\.secrets\.master_key = \[redacted\]/);
});

test("a misspelt key is told", () => {
  const { warnings } = load({ kms: { secrets: { masterkey: "x" } }, mfa: { totps: [] } });
  assert.match(warnings.join("\n"), /"kms\.secrets\.masterkey" is ignored; did you mean "master_key"/);
  assert.match(warnings.join("\n"), /"mfa\.totps" is ignored; did you mean "totp"/);
});

const DEFAULT = { name: "Default", issuer: "SFTPGo", algo: "sha1" };

test("there is one kind of time-based codes by default", () => {
  assert.deepEqual(load({}).mfa.totp, [DEFAULT]);
  assert.deepEqual(load({ mfa: {} }).mfa.totp, [DEFAULT]);
});

test("a list of kinds in the file replaces it, also an empty one", () => {
  const totp = [{ name: "Strong", issuer: "Us", algo: "sha512" }];
  assert.deepEqual(load({ mfa: { totp } }).mfa.totp, totp);
  assert.deepEqual(load({ mfa: { totp: [] } }).mfa.totp, []);
});

test("variables change kinds and add some", () => {
  const env = {
    SFTPGO_MFA__TOTP__0__NAME: "Ours",
    SFTPGO_MFA__TOTP__7__NAME: "Strong",
    SFTPGO_MFA__TOTP__7__ISSUER: "Us",
    SFTPGO_MFA__TOTP__7__ALGO: "sha256",
  };
  assert.deepEqual(load({}, env).mfa.totp, [
    { name: "Ours", issuer: "SFTPGo", algo: "sha1" },
    { name: "Strong", issuer: "Us", algo: "sha256" },
  ]);
});

test("kinds SFTPGo refuses are refused", () => {
  for (const totp of [
    [{ ...DEFAULT, algo: "md5" }],
    [{ ...DEFAULT, algo: "SHA1" }],
    [{ ...DEFAULT, name: "" }],
    [{ ...DEFAULT, issuer: "" }],
    [{ name: "x", issuer: "y" }],
    [DEFAULT, { ...DEFAULT, algo: "sha256" }],
  ]) {
    refuses({ mfa: { totp } }, /mfa\.totp/);
  }
});

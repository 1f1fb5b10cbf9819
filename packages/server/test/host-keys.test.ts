import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, hash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { FairleadError } from "../src/domain/fairlead-error.ts";
import { type HostKey, loadHostKeys } from "../src/ssh/host-keys.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-keys-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function load(...files: readonly string[]): Promise<readonly HostKey[]> {
  return await loadHostKeys({ files, configDir: folder, dataDir: join(folder, "data") });
}

/** What OpenSSH makes of a private key file: its public half, and its fingerprint. */
function askOpenSsh(file: string): { readonly publicKey: string; readonly fingerprint: string } {
  const publicKey = execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim();
  const [, fingerprint = ""] = execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).split(" ");
  return { publicKey, fingerprint };
}

test("without a configuration three keys are made, which OpenSSH can read", async () => {
  const keys = await load();
  assert.deepEqual(
    keys.map((key) => [key.file, key.algorithm, key.isNew, key.isExposed]),
    [
      [join(folder, "data/id_rsa"), "ssh-rsa", true, false],
      [join(folder, "data/id_ecdsa"), "ecdsa-sha2-nistp256", true, false],
      [join(folder, "data/id_ed25519"), "ssh-ed25519", true, false],
    ],
  );
  for (const key of keys) {
    const { publicKey, fingerprint } = askOpenSsh(key.file);
    assert.equal(readFileSync(`${key.file}.pub`, "utf8").trim(), publicKey.split(" ").slice(0, 2).join(" "));
    assert.equal(key.fingerprint, fingerprint);
    assert.equal(statSync(key.file).mode & 0o777, 0o600);
  }
});

test("keys that exist are used again", async () => {
  const [first] = await load("id_ed25519");
  const [second] = await load("id_ed25519");
  assert.equal(second?.isNew, false);
  assert.equal(second.fingerprint, first?.fingerprint);
});

for (const [type, options, algorithm] of [
  ["ec", { namedCurve: "P-384" }, "ecdsa-sha2-nistp384"],
  ["rsa", { modulusLength: 2048 }, "ssh-rsa"],
] as const) {
  test(`a ${type} key in PKCS#8, as openssl writes it, is used`, async () => {
    const file = join(folder, "key.pem");
    const { privateKey } = generateKeyPairSync(type as "rsa", options as { modulusLength: number });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    const [key] = await load("key.pem");
    assert.equal(key?.algorithm, algorithm);
    assert.equal(key.fingerprint, askOpenSsh(file).fingerprint);
  });
}

test("an ed25519 key in PKCS#8, as SFTPGo writes it, is used", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  writeFileSync(join(folder, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const [key] = await load("key.pem");
  // OpenSSH cannot read this format: its public key format (RFC 8709) is written out here.
  const point = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const blob = Buffer.concat([Buffer.from("\0\0\0\u000bssh-ed25519\0\0\0\u0020", "latin1"), point]);
  assert.equal(key?.fingerprint, `SHA256:${hash("sha256", blob, "base64").replace(/=+$/, "")}`);
});

test("a key of ssh-keygen is used, and one that others may read is reported", async () => {
  const file = join(folder, "key");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
  chmodSync(file, 0o644);
  const [key] = await load(file);
  assert.equal(key?.isExposed, true);
});

for (const [what, make] of [
  ["is missing and has a name of its own", () => undefined],
  ["is no key", (file: string) => writeFileSync(file, "hello")],
  [
    "is a public key",
    (file: string) =>
      writeFileSync(file, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIIbjHeeYJ0ECqVEzVRtUJvOOqSCTJCsGsP7zJNtJYjJ"),
  ],
  ["is empty", (file: string) => writeFileSync(file, "")],
  [
    "is damaged",
    (file: string) => writeFileSync(file, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
  ],
  [
    "has a passphrase",
    (file: string) => execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "secret", "-f", file]),
  ],
] as const) {
  test(`a configured key that ${what} is an error naming the file, and the file stays as it is`, async () => {
    const file = join(folder, "host.key");
    make(file);
    await assert.rejects(
      load("host.key"),
      (error) => FairleadError.is(error, "ERR_HOST_KEY") && error.message.includes(file),
    );
  });
}

test("an automatic key that is damaged is not replaced", async () => {
  writeFileSync(join(folder, "id_rsa"), "damaged");
  await assert.rejects(load("id_rsa"), (error) => FairleadError.is(error, "ERR_HOST_KEY"));
  assert.equal(readFileSync(join(folder, "id_rsa"), "utf8"), "damaged");
});

test("an automatic key that is empty is an error that says what to do", async () => {
  writeFileSync(join(folder, "id_rsa"), "");
  await assert.rejects(load("id_rsa"), /id_rsa .*: it is empty; remove it and a new one is made$/);
});

test("a key that cannot be written leaves nothing behind, and the next start makes it", async () => {
  const module = JSON.stringify(import.meta.resolve("../src/ssh/host-keys.ts"));
  const script = `const { loadHostKeys } = await import(${module});
    const options = { files: ["id_ed25519"], configDir: ${JSON.stringify(folder)}, dataDir: "" };
    await loadHostKeys(options).catch((error) => console.log(error.code, error.message));`;
  const args = [process.execPath, "--conditions=source", "--input-type=module", "-e", script];
  // No file may grow beyond 0 bytes, which to the program is the same as a full disk.
  const output = execFileSync("bash", ["-c", `trap '' XFSZ; ulimit -f 0; exec "$@"`, "bash", ...args], {
    encoding: "utf8",
  });
  assert.match(output, /^ERR_HOST_KEY cannot make the host key .*id_ed25519/);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await load("id_ed25519"))[0]?.isNew, true);
});

test("a folder that may not be written is named, with the user id", { skip: process.getuid?.() !== 0 }, () => {
  chmodSync(folder, 0o755);
  const script = `const { loadHostKeys } = await import(${JSON.stringify(import.meta.resolve("../src/ssh/host-keys.ts"))});
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const options = { files: ["id_ed25519"], configDir: ${JSON.stringify(folder)}, dataDir: "" };
    await loadHostKeys(options).catch((error) => console.log(error.message));`;
  const args = ["--conditions=source", "--input-type=module", "-e", script];
  const output = execFileSync(process.execPath, args, { encoding: "utf8" }).trim();
  assert.match(output, new RegExp(`: this process \\(uid 65534\\) may not write in the folder ${folder}$`));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { hasPublicKey, parsePublicKey } from "./public-key.ts";

const BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIIIbjHeeYJ0ECqVEzVRtUJvOOqSCTJCsGsP7zJNtJYjJ";
const ED25519 = `ssh-ed25519 ${BLOB}`;

/** A key of any algorithm and contents, in wire format. */
function blobOf(...fields: readonly (Buffer | string)[]): string {
  const parts = fields.flatMap((field) => {
    const bytes = Buffer.from(field as string, "latin1");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat(parts).toString("base64");
}

function rsa(bits: number): string {
  const modulus = Buffer.alloc(bits / 8 + 1, 0xff);
  modulus[0] = 0;
  return `ssh-rsa ${blobOf("ssh-rsa", "\u0001\u0000\u0001", modulus.toString("latin1"))}`;
}

test("a line is read into algorithm, blob and comment", () => {
  const key = parsePublicKey(`  ${ED25519}\tfull name@host \n`);
  assert.ok(typeof key === "object");
  assert.equal(key.algorithm, "ssh-ed25519");
  assert.equal(key.blob.toString("base64"), BLOB);
  assert.equal(key.comment, "full name@host");
});

for (const [line, problem] of [
  ["", "algorithm"],
  ["# comment", "algorithm"],
  [`ssh-dss ${BLOB}`, "algorithm"],
  [`restrict ${ED25519}`, "options"],
  ["ssh-ed25519", "malformed"],
  ["ssh-ed25519 not+base64!", "malformed"],
  [`ssh-ed25519 ${BLOB.slice(0, -4)}`, "malformed"],
  [`ssh-rsa ${BLOB}`, "malformed"],
  [`ssh-ed25519 ${BLOB}AAAA`, "malformed"],
  [rsa(1024), "short-rsa"],
  [rsa(2040), "short-rsa"],
] as const) {
  test(`"${line.slice(0, 40)}" is refused: ${problem}`, () => {
    assert.equal(parsePublicKey(line), problem);
  });
}

test("an RSA key of 2048 bits is long enough", () => {
  assert.equal(typeof parsePublicKey(rsa(2048)), "object");
});

test("a key is found among lines by its bytes alone", () => {
  const blob = Buffer.from(BLOB, "base64");
  assert.equal(hasPublicKey(["garbage", `${ED25519} anyone`], blob), true);
  assert.equal(hasPublicKey([`restrict ${ED25519}`], blob), false);
  assert.equal(hasPublicKey([], blob), false);
  const other = Buffer.from(blob);
  other[40] = (other[40] ?? 0) ^ 1;
  assert.equal(hasPublicKey([ED25519], other), false);
  assert.equal(hasPublicKey([ED25519], blob.subarray(0, -1)), false);
  assert.equal(hasPublicKey([ED25519], Buffer.alloc(0)), false);
});

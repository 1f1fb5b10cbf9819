import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_ALGORITHMS } from "../config/ssh-algorithms.ts";
import { describeMismatch } from "./kex-offer.ts";

const MATCHING = {
  kex: "curve25519-sha256",
  hostKey: "ssh-ed25519",
  cipherIn: "aes128-ctr",
  cipherOut: "aes128-ctr",
  macIn: "hmac-sha2-256",
  macOut: "hmac-sha2-256",
};

/** A client's first bytes: version line and KEXINIT. */
function start(lists: Partial<typeof MATCHING> = {}): Buffer {
  const { kex, hostKey, cipherIn, cipherOut, macIn, macOut } = { ...MATCHING, ...lists };
  const payload = [kex, hostKey, cipherIn, cipherOut, macIn, macOut, "none", "none", "", ""].flatMap((list) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(list.length);
    return [length, Buffer.from(list)];
  });
  const header = Buffer.from("00000000041400000000000000000000000000000000", "hex");
  return Buffer.concat([Buffer.from("SSH-2.0-test\r\n"), header, ...payload, Buffer.alloc(5)]);
}

test("offers with a match everywhere are no mismatch", () => {
  assert.equal(describeMismatch(start(), DEFAULT_ALGORITHMS), undefined);
});

for (const [list, value, name] of [
  ["kex", "diffie-hellman-group1-sha1,ext-info-c", "key exchange"],
  ["hostKey", "ssh-dss", "host key"],
  ["cipherIn", "3des-cbc", "client to server cipher"],
  ["cipherOut", "3des-cbc", "server to client cipher"],
  ["macIn", "hmac-md5", "client to server MAC"],
  ["macOut", "", "server to client MAC"],
] as const) {
  test(`no common ${name} is said as SFTPGo says it`, () => {
    const text = describeMismatch(start({ [list]: value }), DEFAULT_ALGORITHMS);
    const offered = value.replaceAll(",", " ");
    assert.match(
      text ?? "",
      new RegExp(`^ssh: no common algorithm for ${name}; we offered: \\[\\S.*\\], peer offered: \\[${offered}\\]$`),
    );
  });
}

test("the first list without a match is the one named", () => {
  const text = describeMismatch(start({ kex: "x", cipherIn: "y" }), DEFAULT_ALGORITHMS);
  assert.match(text ?? "", /for key exchange;/);
});

test("every cut of a message, and garbage, is no mismatch", () => {
  const whole = start({ macOut: "hmac-md5" });
  for (let length = 0; length < whole.length - 30; length += 1) {
    assert.equal(describeMismatch(whole.subarray(0, length), DEFAULT_ALGORITHMS), undefined);
  }
  assert.equal(describeMismatch(Buffer.alloc(4096, 0xff), DEFAULT_ALGORITHMS), undefined);
  assert.equal(describeMismatch(Buffer.from("GET / HTTP/1.1\r\n\r\n"), DEFAULT_ALGORITHMS), undefined);
});

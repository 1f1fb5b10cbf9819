import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import { parseUser, type User } from "../domain/user.ts";
import { createSecondFactor, type SecondFactor } from "./second-factor.ts";

// RFC 6238, appendix B: the secrets of its three algorithms in base32, and codes for them, last six of eight digits.
const SHA1 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const SHA256 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA";
const SHA512 =
  "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA";

const KINDS = [
  { name: "Default", algo: "sha1" },
  { name: "Strong", algo: "sha256" },
  { name: "Stronger", algo: "sha512" },
] as const;

interface Change {
  readonly username?: string;
  readonly secret?: string;
  readonly [field: string]: unknown;
}

function userWith({ username = "ann", secret = SHA1, ...change }: Change = {}): User {
  const totp = {
    enabled: true,
    config_name: "Default",
    protocols: ["SSH"],
    secret: { status: "Plain", payload: secret },
  };
  return parseUser({ username, filters: { totp_config: { ...totp, ...change } } });
}

function factorAt(seconds: number | { now: number }): SecondFactor {
  const clock = typeof seconds === "number" ? () => seconds * 1000 : () => seconds.now * 1000;
  return createSecondFactor({ secrets: { decrypt: async ({ payload }) => payload }, kinds: KINDS, clock });
}

/** RFC 4226, written a second time, so that the library is not its own witness. */
function codeAt(seconds: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const digest = createHmac("sha1", "12345678901234567890").update(counter).digest();
  const number = digest.readUInt32BE(digest.at(-1)! & 15) & 0x7f_ff_ff_ff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("codes are RFC 6238's, for the three algorithms", async () => {
  for (const [seconds, name, secret, code] of [
    [59, "Default", SHA1, "287082"],
    [1_111_111_109, "Default", SHA1, "081804"],
    [59, "Strong", SHA256, "119246"],
    [1_111_111_109, "Strong", SHA256, "084774"],
    [59, "Stronger", SHA512, "693936"],
    [1_111_111_109, "Stronger", SHA512, "091201"],
  ] as const) {
    assert.equal(
      await factorAt(seconds).verifyTotp(userWith({ config_name: name, secret }), code),
      true,
      `${name} ${code}`,
    );
  }
});

test("the codes of one period before and after are taken, of two not", async () => {
  const now = 1_000_000;
  const taken = [-60, -30, 0, 30, 60].map(
    async (shift) => await factorAt(now).verifyTotp(userWith(), codeAt(now + shift)),
  );
  assert.deepEqual(await Promise.all(taken), [false, true, true, true, false]);
});

test("a code is taken once, also when it comes twice at the same time", async () => {
  const factor = factorAt(1_000_000);
  const code = codeAt(1_000_000);
  const results = await Promise.all([factor.verifyTotp(userWith(), code), factor.verifyTotp(userWith(), code)]);
  assert.equal(results.filter(Boolean).length, 1);
  assert.equal(await factor.verifyTotp(userWith(), code), false);
});

test("a code stays used as long as its period is taken", async () => {
  const clock = { now: 1_000_000 };
  const factor = factorAt(clock);
  const code = codeAt(clock.now + 30);
  assert.equal(await factor.verifyTotp(userWith(), code), true);
  clock.now += 59;
  assert.equal(await factor.verifyTotp(userWith(), code), false);
});

test("what one user used is left to another", async () => {
  const factor = factorAt(1_000_000);
  assert.equal(await factor.verifyTotp(userWith(), codeAt(1_000_000)), true);
  assert.equal(await factor.verifyTotp(userWith({ username: "bob" }), codeAt(1_000_000)), true);
});

test("a wrong code uses nothing up", async () => {
  const factor = factorAt(1_000_000);
  const wrong = codeAt(1_000_000) === "000000" ? "000001" : "000000";
  assert.equal(await factor.verifyTotp(userWith(), wrong), false);
  assert.equal(await factor.verifyTotp(userWith(), codeAt(1_000_000)), true);
});

test("white space around a code does no harm, everything else that is not six digits does", async () => {
  const code = codeAt(1_000_000);
  assert.equal(await factorAt(1_000_000).verifyTotp(userWith(), ` ${code}\n`), true);
  for (const odd of [
    "",
    code.slice(1),
    `0${code}`,
    `${code.slice(0, 3)} ${code.slice(3)}`,
    "１２３４５６",
    `-${code}`,
  ]) {
    assert.equal(await factorAt(1_000_000).verifyTotp(userWith(), odd), false, odd);
  }
});

test("a secret in lower case, padded, with white space around is the same secret", async () => {
  const user = userWith({ secret: ` ${SHA1.toLowerCase()}==== ` });
  assert.equal(await factorAt(59).verifyTotp(user, "287082"), true);
});

test("only a factor that is on, and for SSH, is needed and verified", async () => {
  for (const change of [{ enabled: false }, { protocols: ["HTTP"] }, { protocols: [] }, { protocols: "SSH" }]) {
    const user = userWith(change);
    assert.equal(factorAt(59).isNeededFor(user), false);
    assert.equal(await factorAt(59).verifyTotp(user, "287082"), false);
  }
  assert.equal(factorAt(59).isNeededFor(userWith({ protocols: ["HTTP", "SSH"] })), true);
});

test("a factor that cannot be verified lets nobody in", async () => {
  for (const change of [{ config_name: "Gone" }, { secret: "no base32!" }, { secret: "" }]) {
    await assert.rejects(factorAt(59).verifyTotp(userWith(change), "287082"), (error: Error) => {
      return FairleadError.is(error) && !error.message.includes("base32!");
    });
  }
});

test("a secret that cannot be decrypted is said so", async () => {
  const failure = new FairleadError("ERR_SECRET", "no kms");
  const factor = createSecondFactor({ secrets: { decrypt: () => Promise.reject(failure) }, kinds: KINDS });
  await assert.rejects(factor.verifyTotp(userWith(), "287082"), failure);
});

test("a code that has no form of one asks no kms", async () => {
  const factor = createSecondFactor({ secrets: { decrypt: () => Promise.reject(new RangeError()) }, kinds: KINDS });
  assert.equal(await factor.verifyTotp(userWith(), "12345"), false);
});

/** Six digits that are no code of now. */
function wrongCode(seconds: number, index: number): string {
  const right = [-30, 0, 30].map((distance) => codeAt(seconds + distance));
  const wrong = String(100_000 + index);
  return right.includes(wrong) ? "099999" : wrong;
}

test("after ten wrong codes the right one does not do either, for five minutes, and the log hears of it", async () => {
  const time = { now: 1_000_000 };
  const told: string[] = [];
  const factor = createSecondFactor({
    secrets: { decrypt: async ({ payload }) => payload },
    kinds: KINDS,
    clock: () => time.now * 1000,
    onTooMany: (username) => told.push(username),
  });
  for (let index = 0; index < 10; index += 1) {
    assert.equal(await factor.verifyTotp(userWith(), wrongCode(time.now, index)), false);
  }
  assert.deepEqual(told, []);
  assert.equal(await factor.verifyTotp(userWith(), codeAt(time.now)), false);
  assert.deepEqual(told, ["ann"]);
  assert.equal(await factor.verifyTotp(userWith({ username: "bob" }), codeAt(time.now)), true);
  time.now += 299;
  assert.equal(await factor.verifyTotp(userWith(), codeAt(time.now)), false);
  time.now += 1;
  assert.equal(await factor.verifyTotp(userWith(), codeAt(time.now)), true);
});

test("many codes at the same time are counted as well", async () => {
  const now = 1_000_000;
  let reads = 0;
  const factor = createSecondFactor({
    secrets: { decrypt: async ({ payload }) => ((reads += 1), payload) },
    kinds: KINDS,
    clock: () => now * 1000,
  });
  const codes = Array.from({ length: 100 }, (_, index) => wrongCode(now, index));
  await Promise.all(codes.map(async (code) => await factor.verifyTotp(userWith(), code)));
  assert.equal(reads, 10);
});

test("right codes, and those that could not be looked at, are not counted", async () => {
  const time = { now: 1_000_000 };
  let isDown = true;
  const factor = createSecondFactor({
    secrets: { decrypt: async ({ payload }) => (isDown ? Promise.reject(new Error("down")) : payload) },
    kinds: KINDS,
    clock: () => time.now * 1000,
  });
  for (let count = 0; count < 20; count += 1) {
    await assert.rejects(factor.verifyTotp(userWith(), codeAt(time.now)), /down/);
  }
  isDown = false;
  for (let count = 0; count < 9; count += 1) {
    assert.equal(await factor.verifyTotp(userWith(), codeAt(time.now)), true);
    time.now += 30;
  }
  assert.equal(await factor.verifyTotp(userWith(), codeAt(time.now)), true);
});

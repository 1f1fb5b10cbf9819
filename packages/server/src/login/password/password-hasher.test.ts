import assert from "node:assert/strict";
import { test } from "node:test";

import { FairleadError } from "../../domain/fairlead-error.ts";
import { createPasswordHasher, DEFAULT_HASHING_POLICY } from "./password-hasher.ts";

const cheap = createPasswordHasher({ ...DEFAULT_HASHING_POLICY, bcryptCost: 4 });

/** Hashes made by other programs. */
const FOREIGN: readonly (readonly [maker: string, password: string, encoded: string])[] = [
  // OpenWall's crypt_blowfish test vectors
  ["crypt_blowfish $2a$", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"],
  ["crypt_blowfish $2y$", "U*U*", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"],
  ["glibc crypt $2b$", "secret", "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"],
  // The reference implementation's own test: echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1
  [
    "argon2 reference",
    "password",
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
  ],
  [
    "argon2 reference, two lanes",
    "password",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
  ],
  // RFC 6070, test vector 2 (4096 iterations)
  ["RFC 6070", "password", "$pbkdf2-sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE="],
  // Python: hashlib.pbkdf2_hmac
  ["Python sha256", "password", "$pbkdf2-sha256$1000$salt$YywoEuRtRgQQK6dhjp1tfS+BKPYma0oDJk0qBGC33LM="],
  [
    "glibc crypt $6$",
    "secret",
    "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
  ],
  ["glibc crypt $5$", "secret", "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"],
  // From the text that defines SHA-crypt
  ["SHA-crypt rounds", "Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"],
];

for (const [maker, password, encoded] of FOREIGN) {
  test(`a hash made by ${maker} matches its password and no other`, async () => {
    assert.equal(await cheap.verify(password, encoded), "match");
    assert.equal(await cheap.verify(`${password}x`, encoded), "mismatch");
    assert.equal(await cheap.verify("", encoded), "mismatch");
  });
}

test("a new bcrypt hash has SFTPGo's format and matches", async () => {
  const encoded = await cheap.hash("pässword");
  assert.match(encoded, /^\$2a\$04\$/);
  assert.equal(await cheap.verify("pässword", encoded), "match");
});

test("a new argon2id hash has SFTPGo's format and matches", async () => {
  const hasher = createPasswordHasher({
    ...DEFAULT_HASHING_POLICY,
    algorithm: "argon2id",
    argon2: { memoryKib: 64, iterations: 1, parallelism: 2 },
  });
  const encoded = await hasher.hash("secret");
  assert.match(encoded, /^\$argon2id\$v=19\$m=64,t=1,p=2\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await hasher.verify("secret", encoded), "match");
  assert.equal(await hasher.verify("Secret", encoded), "mismatch");
});

for (const encoded of [
  "",
  "secret",
  "$y$j9T$abc$def",
  "{MD5}5ebe2294ecd0e0f08eab7690d2a6ee69",
  "$argon2id$v=19$m=99999999,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
  "$argon2id$v=19$m=4,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
  "$pbkdf2-sha256$99999999$salt$YywoEuRtRgQQK6dhjp1tfS+BKPYma0oDJk0qBGC33LM=",
  "$6$rounds=999999999$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1",
]) {
  test(`stored text "${encoded.slice(0, 40)}" is reported as unsupported, never matched`, async () => {
    assert.equal(await cheap.verify("secret", encoded), "unsupported");
  });
}

test("a malformed bcrypt hash matches nothing", async () => {
  assert.equal(await cheap.verify("secret", "$2a$04$short"), "mismatch");
});

for (const [what, password] of [
  ["empty", ""],
  ["longer than bcrypt reads", "x".repeat(73)],
  ["with a NUL", "a\0b"],
] as const) {
  test(`a password ${what} is not hashed`, async () => {
    await assert.rejects(cheap.hash(password), (error) => FairleadError.is(error, "ERR_PASSWORD_HASH"));
  });
}

test("a password with a NUL matches nothing, not even its first part's hash", async () => {
  const encoded = await cheap.hash("a");
  assert.equal(await cheap.verify("a\0b", encoded), "mismatch");
});

test("a user that does not exist costs a real verification and never matches", async () => {
  assert.equal(await cheap.verifyNothing("nobody has this password"), "mismatch");
});

test("more verifications than may wait are answered busy instead of piling up", async () => {
  const hasher = createPasswordHasher({ ...DEFAULT_HASHING_POLICY, bcryptCost: 4 }, { running: 1, waiting: 1 });
  const encoded = await hasher.hash("secret");
  const verdicts = await Promise.all([1, 2, 3].map(async () => await hasher.verify("secret", encoded)));
  assert.deepEqual(verdicts, ["match", "match", "busy"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { authMethods } from "../auth/auth-methods.ts";
import {
  makeKeyboardInteractiveCheck,
  makePasswordCheck,
  makePublicKeyCheck,
  makeTlsCertificateCheck,
} from "../testing/make-auth-requests.ts";

for (const [name, encoded, decode] of [
  ["password check", authMethods.checkPassword.request.encode(makePasswordCheck()), authMethods.checkPassword],
  ["public key check", authMethods.checkPublicKey.request.encode(makePublicKeyCheck()), authMethods.checkPublicKey],
  [
    "certificate check",
    authMethods.checkTlsCertificate.request.encode(makeTlsCertificateCheck()),
    authMethods.checkTlsCertificate,
  ],
  [
    "keyboard-interactive check",
    authMethods.checkKeyboardInteractive.request.encode(makeKeyboardInteractiveCheck()),
    authMethods.checkKeyboardInteractive,
  ],
] as const) {
  test(`the user of a ${name} does not change when the receive buffer is used again`, () => {
    // A Buffer, as connections give it: its slice() is a view.
    const received = Buffer.from(encoded);
    const { user } = decode.request.decode(received);
    const before = Buffer.from(user).toString();
    received.fill(0);
    assert.equal(Buffer.from(user).toString(), before);
    assert.match(before, /^\{/);
  });
}

test("an auth plugin's answer does not change when the receive buffer is used again", () => {
  const received = Buffer.from(authMethods.checkPassword.response.encode(Buffer.from("{}")));
  const answer = authMethods.checkPassword.response.decode(received);
  received.fill(0);
  assert.equal(Buffer.from(answer).toString(), "{}");
});

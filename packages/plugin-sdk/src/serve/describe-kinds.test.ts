import assert from "node:assert/strict";
import { test } from "node:test";
import { describeAuth } from "../auth/describe-auth.ts";
import { unchanged } from "../auth/auth-result.ts";
import { accepted } from "../auth/keyboard-step.ts";
import { describeIpFilter } from "../ipfilter/describe-ipfilter.ts";
import { describeKms } from "../kms/describe-kms.ts";
import { formatRunByHandText } from "./run-by-hand.ts";

const executable = { path: "/opt/plugins/directory", runnable: true, needsPath: false };

test("an auth plugin's scope is what it has handlers for", () => {
  for (const [handlers, scope] of [
    [{ checkPassword: unchanged }, 1],
    [{ checkPublicKey: unchanged }, 2],
    [{ keyboardInteractive: accepted }, 4],
    [{ keyboardStep: accepted }, 4],
    [{ checkTlsCertificate: unchanged }, 8],
    [{ checkPassword: unchanged, keyboardStep: accepted, checkKeyboardInteractive: unchanged }, 5],
    [{ checkKeyboardInteractive: unchanged }, 0],
    [undefined, 15],
  ] as const) {
    assert.deepEqual(describeAuth(handlers).options, { auth_options: { scope } });
  }
});

test("an auth plugin that no server would take says what it lacks", () => {
  assert.match(describeAuth({}).missing ?? "", /checkPassword/);
  assert.equal(describeAuth({ checkPassword: unchanged }).missing, undefined);
});

test("who only puts questions is told what SFTPGo takes", () => {
  assert.match(describeAuth({ keyboardInteractive: accepted }).advice ?? "", /scope 5/);
  assert.equal(describeAuth({ keyboardInteractive: accepted, checkPassword: unchanged }).advice, undefined);
});

test("who may have any handlers is told what the scope adds up to", () => {
  assert.match(describeAuth(undefined).advice ?? "", /1 passwords.*8 TLS certificates/);
  assert.equal(describeAuth({ checkPassword: unchanged }).advice, undefined);
});

test("advice follows the entry", () => {
  const text = formatRunByHandText([describeKms(), describeIpFilter()], executable);
  const [entries = "", advice = ""] = text.split(/(?<=\}\n\n)/);
  assert.match(entries, /"scheme": "awskms"/);
  assert.match(entries, /"type": "ipfilter"/);
  assert.match(advice, /awskms:\/\/.*gcpkms \(GCP\)/);
});

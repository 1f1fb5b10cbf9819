import assert from "node:assert/strict";
import { test } from "node:test";
import type { Codec } from "@fairlead/grpc";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { createRandom, makeHostileBytes } from "../../test/hostile-bytes.ts";
import { authMethods } from "../auth/auth-methods.ts";
import { decodeUser, encodeUser } from "../auth/user-document.ts";
import { eventSearcherMethods } from "../eventsearcher/eventsearcher-methods.ts";
import { gateMethods } from "../gate/gate-methods.ts";
import { ipFilterMethods } from "../ipfilter/ipfilter-methods.ts";
import { kmsMethods } from "../kms/kms-methods.ts";
import { pluginInfoMethods } from "../plugin-info/plugin-info-methods.ts";
import { makeKeyboardStep, makePasswordCheck } from "../testing/make-auth-requests.ts";
import { makeDecryptRequest, makeGateRequest } from "../testing/make-requests.ts";
import { makeKnownUser } from "../testing/make-users.ts";

const rounds = 5_000;

/** A valid message each, to spoil. */
const valid = [
  authMethods.checkPassword.request.encode(makePasswordCheck()),
  authMethods.sendKeyboardStep.request.encode(makeKeyboardStep({ answers: ["a"], questions: ["é"], step: 2 })),
  authMethods.sendKeyboardStep.response.encode({
    instructions: "i",
    questions: ["q", "r"],
    echos: [true, false],
    authResult: -1,
    checkPassword: 2,
  }),
  kmsMethods.decrypt.request.encode(makeDecryptRequest({ payload: "p", key: "k", mode: 1 })),
  gateMethods.check.request.encode(makeGateRequest({ fileSizeBytes: 2n ** 60n, openFlags: 577 })),
  pluginInfoMethods.describe.response.encode({ name: "n", version: "v", kinds: ["auth"], services: ["fairlead.Gate"] }),
];

const codecs: readonly Pick<Codec<unknown>, "decode">[] = [
  ...Object.values(authMethods),
  ...Object.values(kmsMethods),
  ...Object.values(ipFilterMethods),
  ...Object.values(eventSearcherMethods),
  gateMethods.check,
  pluginInfoMethods.describe,
].flatMap(({ request, response }) => [request, response]);

test("hostile bytes give a message or an error, for every message", async () => {
  await fuzz(rounds, (seed) => {
    const random = createRandom(seed);
    const bytes = makeHostileBytes(valid[seed % valid.length] ?? assert.fail(), random);
    for (const codec of codecs) assertDecodesOrThrows(() => codec.decode(bytes));
  });
});

test("hostile documents give a user or an error, and a user travels on", async () => {
  const document = encodeUser(makeKnownUser({ quota_size: 2n ** 62n }));
  await fuzz(rounds, (seed) => {
    const bytes = makeHostileBytes(document, createRandom(seed));
    assertDecodesOrThrows(() => encodeUser(decodeUser(bytes)));
    assertDecodesOrThrows(() => encodeUser(decodeUser(spoilNumber(document, seed))));
  });
});

test("a number without end and groups without bottom are errors", () => {
  const length = 1024 * 1024;
  const endlessNumber = new Uint8Array(length).fill(0xab);
  // The tag that starts group 21, again and again.
  const nestedGroups = Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? 0xab : 0x01));
  for (const bytes of [endlessNumber, nestedGroups]) {
    assert.throws(() => authMethods.checkPassword.request.decode(bytes), Error);
    assert.throws(() => gateMethods.check.request.decode(bytes), Error);
  }
});

function assertDecodesOrThrows(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
  }
}

/** The document, still JSON, with another number in the place of its large one. */
function spoilNumber(document: Uint8Array, seed: number): Uint8Array {
  const numbers = ["-0", "1e5", "1.5", "9".repeat((seed % 40) + 1), "-9223372036854775809", "1e999"];
  return Buffer.from(
    Buffer.from(document)
      .toString()
      .replace(String(2n ** 62n), numbers[seed % numbers.length] ?? "0"),
  );
}

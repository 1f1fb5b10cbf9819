import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Method } from "@fairlead/grpc";
import { readWireFieldList } from "../../test/wire-fields.ts";
import { authMethods } from "../auth/auth-methods.ts";
import { ipFilterMethods } from "../ipfilter/ipfilter-methods.ts";
import { kmsMethods } from "../kms/kms-methods.ts";

type WireValue = string | number | readonly string[];

/** What a running SFTPGo sent, with its own field names. */
interface RecordedRequest {
  readonly situation: string;
  readonly method: string;
  readonly request: Readonly<Record<string, WireValue>>;
}

const recordings = readFileSync(`${import.meta.dirname}/../../testdata/plugin-requests.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedRequest);

const methods = [...Object.values(authMethods), ...Object.values(kmsMethods), ...Object.values(ipFilterMethods)];

/** By method: SFTPGo's name and number of each field, and what we call it. */
const requests: Readonly<Record<string, readonly (readonly [wireName: string, number: number, name: string])[]>> = {
  "/proto.Auth/CheckUserAndPass": [
    ["username", 1, "username"],
    ["password", 2, "password"],
    ["ip", 3, "ip"],
    ["protocol", 4, "protocol"],
    ["user", 5, "user"],
  ],
  "/proto.Auth/CheckUserAndPublicKey": [
    ["username", 1, "username"],
    ["pubKey", 2, "publicKey"],
    ["ip", 3, "ip"],
    ["protocol", 4, "protocol"],
    ["user", 5, "user"],
  ],
  "/proto.Auth/CheckUserAndTLSCert": [
    ["username", 1, "username"],
    ["tlsCert", 2, "certificatePem"],
    ["ip", 3, "ip"],
    ["protocol", 4, "protocol"],
    ["user", 5, "user"],
  ],
  "/proto.Auth/CheckUserAndKeyboardInteractive": [
    ["username", 1, "username"],
    ["ip", 2, "ip"],
    ["protocol", 3, "protocol"],
    ["user", 4, "user"],
  ],
  "/proto.Auth/SendKeyboardAuthRequest": [
    ["requestID", 1, "requestId"],
    ["username", 2, "username"],
    ["password", 3, "password"],
    ["ip", 4, "ip"],
    ["answers", 5, "answers"],
    ["questions", 6, "questions"],
    ["step", 7, "step"],
  ],
  "/proto.KMS/Encrypt": [
    ["payload", 1, "payload"],
    ["additional_data", 2, "additionalData"],
    ["url", 3, "url"],
    ["master_key", 4, "masterKey"],
  ],
  "/proto.KMS/Decrypt": [
    ["payload", 1, "payload"],
    ["key", 2, "key"],
    ["additional_data", 3, "additionalData"],
    ["mode", 4, "mode"],
    ["url", 5, "url"],
    ["master_key", 6, "masterKey"],
  ],
  "/proto.IPFilter/CheckIP": [
    ["ip", 1, "ip"],
    ["protocol", 2, "protocol"],
  ],
  "/proto.IPFilter/Reload": [],
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const [path, fields] of Object.entries(requests)) {
  test(`recorded requests of ${path} travel under SFTPGo's field numbers and come back whole`, () => {
    const recorded = recordings.filter(({ method }) => method === path);
    assert.notEqual(recorded.length, 0);
    const { request: codec } = methodOf(path);
    for (const { situation, request } of recorded) {
      const message = fields.length === 0 ? undefined : readMessage(request, fields);
      const encoded = codec.encode(message);
      const expected = fields.flatMap(([wireName, number]) => writeField(number, request[wireName] ?? assert.fail()));
      assert.deepEqual(readWireFieldList(encoded), expected, situation);
      assert.deepEqual(codec.decode(encoded), message, situation);
    }
  });
}

test("answers travel under SFTPGo's field numbers", () => {
  const { response: userDocument } = authMethods.checkPassword;
  assert.deepEqual(readWireFieldList(userDocument.encode(bytes("{}"))), [[1, bytes("{}")]]);
  const step = { instructions: "i", questions: ["q", "r"], echos: [false, true], authResult: -1, checkPassword: 2 };
  const { response: stepResponse } = authMethods.sendKeyboardStep;
  assert.deepEqual(readWireFieldList(stepResponse.encode(step)), [
    [1, bytes("i")],
    [2, bytes("q")],
    [2, bytes("r")],
    [3, Uint8Array.of(0, 1)],
    [4, -1n],
    [5, 2n],
  ]);
  assert.deepEqual(stepResponse.decode(stepResponse.encode(step)), step);
  const secret = { payload: "p", key: "k", mode: 1 };
  assert.deepEqual(readWireFieldList(kmsMethods.encrypt.response.encode(secret)), [
    [1, bytes("p")],
    [2, bytes("k")],
    [3, 1n],
  ]);
  assert.deepEqual(readWireFieldList(kmsMethods.decrypt.response.encode("clear")), [[1, bytes("clear")]]);
});

test("bytes do not change when the receive buffer is used again", () => {
  const { response } = authMethods.checkPassword;
  const received = response.encode(bytes("{}"));
  const decoded = response.decode(received);
  received.fill(0);
  assert.deepEqual(decoded, bytes("{}"));
});

test("fields of newer peers are skipped", () => {
  const unknownField = Uint8Array.of(0xa2, 0x06, 0x02, 0x68, 0x69); // number 100, two bytes
  for (const { request, response } of methods) {
    for (const codec of [request, response]) {
      assert.deepEqual(codec.decode(unknownField), codec.decode(new Uint8Array()));
    }
  }
});

function methodOf(path: string): Method<unknown, unknown> {
  // Which type its messages have, the recording decides.
  return methods.find((method) => method.path === path) ?? assert.fail(path);
}

function readMessage(
  request: RecordedRequest["request"],
  fields: readonly (readonly [wireName: string, number: number, name: string])[],
): object {
  return Object.fromEntries(
    fields.map(([wireName, , name]) => {
      const value = request[wireName] ?? assert.fail(wireName);
      return [name, name === "user" ? bytes(String(value)) : value];
    }),
  );
}

/** proto3 leaves zero values out. */
function writeField(number: number, value: WireValue): [number, bigint | Uint8Array][] {
  if (typeof value === "number") return value === 0 ? [] : [[number, BigInt(value)]];
  if (typeof value === "string") return value === "" ? [] : [[number, bytes(value)]];
  return value.map((item) => [number, bytes(item)]);
}

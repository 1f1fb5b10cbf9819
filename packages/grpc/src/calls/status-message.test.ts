import assert from "node:assert/strict";
import { test } from "node:test";

import { decodeStatusMessage, encodeStatusMessage } from "./status-message.ts";

test("messages survive", () => {
  for (const text of ["", "plain", "100%", "tab\tnewline\r\n", "ünï☺\u{1F608}", "%41"]) {
    assert.match(encodeStatusMessage(text), /^[\x20-\x7e]*$/);
    assert.equal(decodeStatusMessage(encodeStatusMessage(text)), text);
  }
});

test("the encoding is gRPC's", () => {
  assert.equal(encodeStatusMessage("a%\n☺"), "a%25%0A%E2%98%BA");
});

test("a wrong encoding is kept as it is", () => {
  for (const text of ["%", "100%", "%4", "%zz", "%%41"])
    assert.equal(decodeStatusMessage(text), text.replace("%41", "A"));
});

test("a very long message is cut", () => {
  const encoded = encodeStatusMessage("x".repeat(100_000));
  assert.ok(encoded.length < 5000);
  assert.ok(decodeStatusMessage(encoded).endsWith("…"));
});

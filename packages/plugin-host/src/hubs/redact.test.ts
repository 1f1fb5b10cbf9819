import assert from "node:assert/strict";
import { test } from "node:test";
import { redact } from "./redact.ts";

interface Row {
  readonly name: string;
  readonly text: string;
  readonly secrets: readonly string[];
  readonly expected: string;
}

const rows: readonly Row[] = [
  { name: "text without secrets stays", text: "no such user", secrets: ["hunter2"], expected: "no such user" },
  { name: "every occurrence goes", text: "hunter2, hunter2", secrets: ["hunter2"], expected: "[redacted], [redacted]" },
  { name: "a short secret is in too many words", text: "a cat", secrets: ["cat", ""], expected: "a cat" },
  {
    name: "a secret within another goes with it",
    text: "<ab-cdef>",
    secrets: ["cdef", "ab-cdef"],
    expected: "<[redacted]>",
  },
  { name: "as JSON writes it", text: '{"p":"a\\"b\\nc"}', secrets: ['a"b\nc'], expected: '{"p":"[redacted]"}' },
  { name: "as a URL writes it", text: "?p=a%20b%2Fc", secrets: ["a b/c"], expected: "?p=[redacted]" },
  { name: "one with half of a character", text: "x\ud800yz w", secrets: ["x\ud800yz"], expected: "[redacted] w" },
  { name: "one that looks like a pattern", text: "$& .* $1", secrets: ["$& .*"], expected: "[redacted] $1" },
  { name: "long words are cut", text: "x".repeat(5_000), secrets: [], expected: `${"x".repeat(1_000)}…` },
];

for (const { name, text, secrets, expected } of rows) {
  test(name, () => assert.equal(redact(text, secrets), expected));
}

for (const password of ["hunter2-Sécret", "\u00ff\u00fe??>>~~", "abcd"]) {
  for (const name of ["", "a", "an", "ann"]) {
    test(`a password is redacted from the header that it made: ${JSON.stringify([name, password])}`, () => {
      for (const encoding of ["base64", "base64url"] as const) {
        const header = Buffer.from(`${name}:${password}`).toString(encoding);
        const redacted = redact(`401 for Basic ${header}`, [password]);
        const left = Buffer.from(redacted.split("[redacted]").at(0)?.slice("401 for Basic ".length) ?? "", "base64");
        assert.match(redacted, /\[redacted\]/);
        assert.ok(left.length <= name.length + 1, redacted);
      }
    });
  }
}

test("a secret is redacted in hexadecimal", () => {
  assert.equal(redact("68756e74657232 or 68756E74657232", ["hunter2"]), "[redacted] or [redacted]");
});

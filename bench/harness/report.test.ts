import assert from "node:assert/strict";
import { test } from "node:test";
import { formatReport } from "./report.ts";

test("a report shows ratios, whether they reach what is wanted, and what was skipped", () => {
  const text = formatReport({
    title: "calls",
    peer: "Go",
    comparisons: [
      { what: "fast", unit: "calls/s", ours: 40_000, peer: 10_000, wanted: { atLeast: 4 } },
      { what: "cpu", unit: "us", ours: 6, peer: 10, wanted: { atMost: 0.5 } },
      { what: "other", unit: "ms", ours: 1, peer: 2 },
    ],
    skipped: ["sshd: not installed"],
  });
  assert.equal(
    text,
    [
      "calls (peer: Go)",
      "                    ours    peer  ratio  wanted",
      "  fast   calls/s  40,000  10,000   4.00    >= 4  yes",
      "  cpu    us         6.00    10.0   0.60  <= 0.5   NO",
      "  other  ms         1.00    2.00   0.50",
      "  SKIPPED sshd: not installed",
      "",
    ].join("\n"),
  );
});

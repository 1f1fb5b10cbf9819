import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { createOutputLog } from "./output-log.ts";
import type { OutputLog } from "./output-log.ts";

function record(): { readonly output: OutputLog; readonly lines: LogFields[] } {
  const lines: LogFields[] = [];
  const logger: Logger = {
    log: (level, message, fields) => lines.push({ ...fields, log: `${level} ${message}` }),
    child: () => logger,
  };
  return { output: createOutputLog(logger), lines };
}

test("each printed line is a log line, in however many pieces it comes", () => {
  const { output, lines } = record();
  const bytes = Buffer.from("one\r\nzwö\n\nlast");
  for (const byte of bytes) output.stdout.write(Buffer.of(byte));
  output.stderr.write("oops\n");
  assert.deepEqual(
    lines.map(({ channel, line }) => [channel, line]),
    [
      ["stdout", "one"],
      ["stdout", "zwö"],
      ["stderr", "oops"],
    ],
  );
  assert.equal(lines[0]?.["log"], "info plugin output");
});

test("what has no line end is logged at the end of the process", () => {
  const { output, lines } = record();
  output.stdout.write("no end");
  assert.deepEqual(lines, []);
  output.flush();
  output.flush();
  assert.deepEqual(
    lines.map(({ line }) => line),
    ["no end"],
  );
});

for (const end of ["", "\n"]) {
  test(`a long line ${end === "" ? "without an end" : "with its end"} is logged in pieces`, () => {
    const { output, lines } = record();
    output.stdout.write("x".repeat(10_000) + end);
    output.flush();
    assert.deepEqual(
      lines.map(({ line }) => String(line).length),
      [4096, 4096, 1808],
    );
  });
}

test("a flood is cut to 2,000 lines a second, and what was dropped is counted", () => {
  const lines: LogFields[] = [];
  const logger: Logger = {
    log: (level, message, fields) => lines.push({ ...fields, log: `${level} ${message}` }),
    child: () => logger,
  };
  let nowMs = 5_000;
  const output = createOutputLog(logger, () => nowMs);
  const messages = (): unknown[] => lines.splice(0).map(({ log, count }) => count ?? log);
  output.stdout.write("x\n".repeat(1_500));
  output.stderr.write("x\n".repeat(1_500));
  assert.equal(messages().length, 2_000);
  nowMs += 1_000;
  output.stdout.write("x\n");
  assert.deepEqual(messages(), [1_000, "info plugin output"]);
  output.stdout.write("x\n".repeat(2_500));
  assert.equal(messages().length, 1_999);
  output.flush();
  assert.deepEqual(messages(), [501]);
});

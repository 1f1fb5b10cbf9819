import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createHclogLogger, formatHclogLine } from "./hclog-logger.ts";

const timeMs = Date.parse("2026-11-25T12:00:00.123Z");

function fieldsOf(line: string): Record<string, unknown> {
  return JSON.parse(line) as Record<string, unknown>;
}

describe("formatHclogLine", () => {
  it("writes one JSON line with a timestamp of six digits, as Go hosts want it [serve:log]", () => {
    assert.equal(
      formatHclogLine("info", "ready", { port: 1 }, timeMs),
      `{"port":1,"@level":"info","@message":"ready","@timestamp":"2026-11-25T12:00:00.123000Z"}\n`,
    );
  });

  it("does not let fields replace level or message", () => {
    const line = formatHclogLine("info", "m", { "@level": 3, "@message": {}, "@timestamp": null }, timeMs);
    assert.equal(fieldsOf(line)["@level"], "info");
    assert.equal(fieldsOf(line)["@message"], "m");
  });

  it("writes errors with their stack and bigints as text", () => {
    const fields = fieldsOf(formatHclogLine("error", "m", { error: new TypeError("boom"), size: 2n ** 60n }, timeMs));
    assert.match(String(fields["error"]), /^TypeError: boom\n {4}at /);
    assert.equal(fields["size"], "1152921504606846976");
  });

  it("writes errors inside of fields, and what caused them", () => {
    const error = new TypeError("no answer", { cause: new RangeError("port closed", { cause: "a text" }) });
    const { nested } = fieldsOf(formatHclogLine("error", "m", { nested: { error } }, timeMs)) as {
      readonly nested: { readonly error: string };
    };
    assert.match(nested.error, /^TypeError: no answer\n {4}at [\s\S]*\ncaused by: RangeError: port closed\n {4}at /);
  });

  it("ends where causes go in a circle", () => {
    const error = new TypeError("round");
    error.cause = error;
    assert.match(String(fieldsOf(formatHclogLine("error", "m", { error }, timeMs))["error"]), /^TypeError: round/);
  });

  it("writes maps and sets as lists", () => {
    const fields = fieldsOf(formatHclogLine("info", "m", { map: new Map([["a", 1n]]), set: new Set([2]) }, timeMs));
    assert.deepEqual([fields["map"], fields["set"]], [[["a", "1"]], [2]]);
  });

  it("keeps the event when its fields cannot be written", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    assert.equal(fieldsOf(formatHclogLine("warn", "m", { cycle }, timeMs))["@message"], "m");
  });

  it("stays below the line length of hosts", () => {
    for (const [message, fields] of [
      ["m", { big: "x".repeat(100_000) }],
      ["\u0001".repeat(100_000), {}],
    ] as const) {
      const line = formatHclogLine("warn", message, fields, timeMs);
      assert.ok(Buffer.byteLength(line) <= 65_536);
      assert.equal(fieldsOf(line)["@level"], "warn");
    }
  });

  it("never breaks a line", () => {
    assert.equal(
      formatHclogLine("info", "a\nb", { c: "\n" }, timeMs).indexOf("\n"),
      formatHclogLine("info", "a\nb", { c: "\n" }, timeMs).length - 1,
    );
  });

  it("puts what Node's permission model refused into the first line of the stack", () => {
    const refused = Object.assign(new Error("Access to this API has been restricted."), {
      code: "ERR_ACCESS_DENIED",
      permission: "FileSystemRead",
      resource: "/etc/blocked",
    });
    const { error } = JSON.parse(formatHclogLine("error", "plugin init error", { error: refused }, 0)) as {
      error: string;
    };
    assert.equal(error.split("\n")[0], "Error: Access to this API has been restricted. (FileSystemRead /etc/blocked)");
    assert.match(error, /\n    at /);
  });
});

describe("createHclogLogger", () => {
  it("adds the fields of its parents to each event", () => {
    const lines: string[] = [];
    createHclogLogger((line) => lines.push(line))
      .child({ a: 1, b: 1 })
      .child({ b: 2 })
      .log("debug", "m", { c: 3 });
    const { a, b, c } = fieldsOf(lines[0] ?? "");
    assert.deepEqual([a, b, c], [1, 2, 3]);
  });
});

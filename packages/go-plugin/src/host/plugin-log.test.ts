import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginLogParser } from "./plugin-log.ts";
import type { LogEntry } from "./plugin-log.ts";

const parse = (text: string): LogEntry => new PluginLogParser().parse({ text, whole: true });

describe("PluginLogParser", () => {
  it("reads hclog's JSON: level, message, fields and timestamp [log:stderr]", () => {
    const line = `{"@level":"warn","@message":"disk full","@module":"x","@timestamp":"2026-11-25T12:00:00.123456Z","free":3}`;
    assert.deepEqual(parse(line), {
      level: "warn",
      message: "disk full",
      fields: { "@module": "x", free: 3, timestamp: "2026-11-25T12:00:00.123456Z" },
    });
  });

  it("takes levels in any case and a timestamp of any precision", () => {
    const entry = parse(`{"@level":" ERROR ","@message":"m","@timestamp":"2026-11-25T12:00:00.123Z"}`);
    assert.equal(entry.level, "error");
    assert.equal(entry.message, "m");
  });

  for (const [what, line] of [
    ["an array", "[1,2]"],
    ["a number", "12"],
    ["null", "null"],
    ["an object of something else", `{"msg":"hi","level":30}`],
    ["an unknown level", `{"@level":"warning","@message":"m"}`],
    ["a level that is no string", `{"@level":3,"@message":"m"}`],
    ["a message that is no string", `{"@level":"info","@message":{"a":1}}`],
    ["half an object", `{"@level":"info"`],
    ["brackets without end", `{"@level":"info","@message":"m","a":${"[".repeat(500)}${"]".repeat(500)}}`],
  ] as const) {
    it(`logs ${what} as it is, at debug [log:stderr]`, () => {
      assert.deepEqual(parse(line), { level: "debug", message: line, fields: {} });
    });
  }

  for (const [prefix, level] of [
    ["TRACE", "trace"],
    ["DEBUG", "debug"],
    ["INFO", "info"],
    ["WARN", "warn"],
    ["ERROR", "error"],
  ] as const) {
    it(`takes the level of a [${prefix}] prefix and keeps the text [log:stderr]`, () => {
      assert.deepEqual(parse(`[${prefix}] hello`), { level, message: `[${prefix}] hello`, fields: {} });
    });
  }

  it("takes a prefix at the start of the line only", () => {
    assert.equal(parse(" [ERROR] no").level, "debug");
  });

  for (const start of ["panic: boom", "fatal error: all goroutines are asleep"]) {
    it(`logs everything after "${start}" at error`, () => {
      const parser = new PluginLogParser();
      const levels = [start, "goroutine 1 [running]:", "[INFO] still a prefix", "main.go:3"].map(
        (text) => parser.parse({ text, whole: true }).level,
      );
      assert.deepEqual(levels, ["error", "error", "info", "error"]);
    });
  }

  it("does not parse pieces of a line that is too long", () => {
    const text = `{"@level":"error","@message":"m"}`;
    assert.deepEqual(new PluginLogParser().parse({ text, whole: false }), {
      level: "debug",
      message: text,
      fields: {},
    });
  });

  it("does not let a plugin speak for another one, or for the host", () => {
    const names = ["plugin", "pid", "type", "index", "level", "time", "msg"];
    const forged = Object.fromEntries(names.map((name) => [name, 1]));
    const { fields } = parse(JSON.stringify({ "@level": "info", "@message": "m", ...forged }));
    assert.deepEqual(fields, Object.fromEntries(names.map((name) => [`plugin.${name}`, 1])));
  });

  it("does not let a plugin reach a prototype", () => {
    const { fields } = parse(`{"@level":"info","@message":"m","__proto__":{"x":1}}`);
    assert.deepEqual(fields, {});
    assert.equal(Object.getPrototypeOf(fields), Object.prototype);
  });
});

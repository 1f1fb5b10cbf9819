import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

import { createLogger, type LogFormat } from "./pino-logger.ts";

function collect(format: LogFormat): { readonly lines: string[]; readonly logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  return { lines, logger: createLogger({ format, output: { write: (line) => lines.push(line) } }) };
}

test("an event is one JSON object a line: level, time, fields, message", () => {
  const { lines, logger } = collect("json");
  logger.child({ ip: "192.0.2.1" }).log("warn", "login refused", { username: "a\nb", sizeBytes: 5n });
  assert.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual(rest, { level: "warn", ip: "192.0.2.1", username: "a\nb", sizeBytes: 5, msg: "login refused" });
});

test("fields named like secrets are not written", () => {
  const { lines, logger } = collect("json");
  logger.log("info", "event", { password: "hunter2", user: { passwordHash: "hunter2", privateKey: "hunter2" } });
  assert.equal(lines.join("").includes("hunter2"), false);
});

test("an error is written with message and cause", () => {
  const { lines, logger } = collect("json");
  logger.log("error", "event", { error: new Error("outer", { cause: new Error("inner") }) });
  assert.match(lines[0] ?? "", /outer.*inner/);
});

test("events below the level are dropped", () => {
  const { lines, logger } = collect("json");
  logger.log("debug", "quiet");
  assert.deepEqual(lines, []);
});

test("pretty is for people", () => {
  const { lines, logger } = collect("pretty");
  logger.log("info", "listening", { port: 22 });
  assert.match(lines[0] ?? "", /INFO.*listening.*\{"port":22\}/);
});

/** What a process that logs to its stderr has written by the time it ends. */
function runLogging(script: string): string {
  const module = JSON.stringify(import.meta.resolve("./pino-logger.ts"));
  const code = `import { createLogger } from ${module}; const logger = createLogger({ format: "json" }); ${script}`;
  const { stderr } = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", code]);
  return stderr.toString();
}

test("lines that still wait at an exit are written", () => {
  assert.match(runLogging('logger.log("info", "first"); process.exit(3);'), /"msg":"first"/);
});

test("an error is written before anything else can happen, behind the lines before it", () => {
  const written = runLogging(
    'logger.log("info", "first"); logger.log("error", "second"); process.kill(process.pid, "SIGKILL");',
  );
  assert.match(written, /"msg":"first".*\n.*"msg":"second"/);
});

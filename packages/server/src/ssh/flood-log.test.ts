import assert from "node:assert/strict";
import { mock, test } from "node:test";

import type { Logger } from "@fairlead/go-plugin";

import { FloodLog } from "./flood-log.ts";

function collect(): { readonly lines: string[]; readonly log: FloodLog } {
  const lines: string[] = [];
  const logger: Logger = {
    log: (level, message, fields) => lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
    child: () => logger,
  };
  return { lines, log: new FloodLog(logger, 1000) };
}

test("a flood is its first line and, when the time is over, one with the number of the others", (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { lines, log } = collect();
  for (const ip of ["a", "b", "c"]) {
    log.log("warn", "refused", { limit: "x" }, { ip });
  }
  assert.deepEqual(lines.splice(0), ['warn refused {"ip":"a","limit":"x"}']);
  mock.timers.tick(1000);
  assert.deepEqual(lines.splice(0), ['warn refused {"limit":"x","more":2}']);
  log.log("warn", "refused", { limit: "x" }, { ip: "d" });
  mock.timers.tick(1000);
  assert.deepEqual(lines, ['warn refused {"ip":"d","limit":"x"}']);
});

test("lines that say something else are not counted with it", () => {
  const { lines, log } = collect();
  log.log("warn", "refused", { limit: "x" });
  log.log("warn", "refused", { limit: "y" });
  log.close();
  assert.deepEqual(lines, ['warn refused {"limit":"x"}', 'warn refused {"limit":"y"}']);
});

test("what was counted is told at the end", () => {
  const { lines, log } = collect();
  log.log("warn", "refused", { limit: "x" });
  log.log("warn", "refused", { limit: "x" });
  log.close();
  assert.deepEqual(lines, ['warn refused {"limit":"x"}', 'warn refused {"limit":"x","more":1}']);
});

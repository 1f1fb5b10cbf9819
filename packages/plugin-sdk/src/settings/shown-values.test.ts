import assert from "node:assert/strict";
import { test } from "node:test";
import { defineSettings } from "./define-settings.ts";
import { readSettings } from "./read-settings.ts";

const settings = defineSettings({
  password: { type: "string", secret: true, description: "for the url" },
  retries: { type: "integer", description: "how often to try again" },
});

for (const flag of ["-password=hunter2", "--password=hunter2"]) {
  test(`a secret is not shown as the value of the flag before it: ${flag}`, () => {
    assert.throws(() => readSettings(settings, { args: ["--retries", flag], env: {} }), {
      message: "--retries is followed by a flag, expected a whole number",
    });
  });
}

for (const [text, shown] of [
  ["-1.5", '"-1.5"'],
  ["-", '"-"'],
  ["often", '"often"'],
]) {
  test(`what is no flag is shown: ${text}`, () => {
    assert.throws(() => readSettings(settings, { args: ["--retries", text!], env: {} }), {
      message: `--retries is ${shown}, expected a whole number`,
    });
  });
}

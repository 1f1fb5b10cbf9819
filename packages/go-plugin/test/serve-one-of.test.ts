import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "node:test";
import { launch } from "@fairlead/go-plugin/host";
import { echoOptions } from "./support/launch-echo.ts";
import { Sandbox } from "./support/sandbox.ts";

const program = ["--conditions=source", join(import.meta.dirname, "fixtures/two-plugins.ts")];

describe("a program with several plugins", { timeout: 60_000 }, () => {
  for (const [name, answer] of [
    ["plain", "Hello"],
    ["loud", "HELLO"],
  ] as const) {
    it(`is the one its argument names: ${name} [serve:one-of]`, async () => {
      await using sandbox = new Sandbox();
      const options = echoOptions(process.execPath, { args: [...program, name], env: { TMPDIR: sandbox.temporary } });
      await using plugin = await launch(options);
      sandbox.watch(plugin.pid);
      assert.equal(await plugin.dispense("echo").echo("Hello"), answer);
    });
  }

  const improper = "Invoked improperly. This is an internal command that shouldn't\nbe manually invoked.\n";
  for (const [what, args, text] of [
    ["no argument", [], improper],
    ["two arguments", ["plain", "loud"], improper],
    ["the name of no plugin", ["quiet"], "Unknown plugin: quiet\n"],
    ["a name that every object has", ["toString"], "Unknown plugin: toString\n"],
  ] as const) {
    it(`refuses ${what} in Go's words [serve:one-of]`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], {
        encoding: "utf8",
        env: {},
      });
      assert.deepEqual([status, stdout, stderr], [1, "", text]);
    });
  }
});

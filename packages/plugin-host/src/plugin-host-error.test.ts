import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PLUGIN_KEYS, formatEnvName } from "./config/plugin-keys.ts";
import { PLUGIN_HOST_ERROR_CODES, PluginHostError } from "./plugin-host-error.ts";

const reference = readFileSync(`${import.meta.dirname}/../../../docs/reference/plugins-config.md`, "utf8");

/** The first cell of every row of the reference's tables, for cells that are code. */
const firstCells = [...reference.matchAll(/^\| `([^`]+)` \|(.*)$/gm)].map(([, name = "", rest = ""]) => ({
  name,
  rest,
}));

test("the reference has every error code, and no other", () => {
  const documented = firstCells.map(({ name }) => name).filter((name) => name.startsWith("ERR_"));
  assert.deepEqual(documented.sort(), Object.keys(PLUGIN_HOST_ERROR_CODES).sort());
});

test("the reference has every key with its variable, and no other", () => {
  for (const { path } of PLUGIN_KEYS) {
    const row = firstCells.find(({ name }) => name === path.join("."));
    const variable = formatEnvName("N", path).slice("SFTPGO_PLUGINS__N__".length);
    assert.match(row?.rest ?? "", new RegExp(`\\| \`${variable}\` \\|`), path.join("."));
  }
  const variables = firstCells.filter(({ rest }) => / \| `[A-Z0-9_]+` \| /.test(rest)).map(({ name }) => name);
  assert.deepEqual(variables.sort(), PLUGIN_KEYS.map(({ path }) => path.join(".")).sort());
});

test("an error of another copy of the package is recognised", () => {
  const error = new PluginHostError("ERR_NO_ACTIONS", "none", { cause: "why" });
  const foreign = { code: error.code, [Symbol.for("@fairlead/plugin-host/PluginHostError")]: true };
  assert.ok(PluginHostError.is(foreign, "ERR_NO_ACTIONS"));
  assert.ok(!PluginHostError.is(foreign, "ERR_PLUGIN_CONFIG"));
  assert.ok(!PluginHostError.is(new TypeError("x")));
  assert.equal(error.cause, "why");
});

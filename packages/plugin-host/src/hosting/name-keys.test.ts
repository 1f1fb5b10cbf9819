import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { parsePluginConfigs } from "../config/parse-plugin-configs.ts";
import type { PluginConfig } from "../config/plugin-config.ts";
import { nameKeys } from "./name-keys.ts";

function configure(keys: Readonly<Record<string, unknown>> = {}): PluginConfig {
  return parsePluginConfigs([{ type: "ipfilter", cmd: "/opt/plugins/blocked", ...keys }])[0]!;
}

test("a start that fails because of a key names the key, and what it is", () => {
  for (const [code, keys, expected] of [
    ["ERR_PLUGIN_START_TIMEOUT", { fairlead: { start_timeout: 2.5 } }, /fairlead\.start_timeout, which is 2\.5/],
    ["ERR_TLS_IDENTITY", { auto_mtls: true }, /auto_mtls, which is true/],
    ["ERR_PLUGIN_EXITED_EARLY", { fairlead: { sandbox: {} } }, /fairlead\.sandbox, whose read, write and network/],
    ["ERR_PLUGIN_EXITED_EARLY", {}, /env_vars, which lacks "PATH"/],
  ] as const) {
    const cause = new Error("why");
    const found = new PluginError(code, 'it looks for "node" in PATH', { details: { plugin: "blocked" }, cause });
    const named = nameKeys(found, configure(keys), {});
    assert.ok(PluginError.is(named, code));
    assert.match(named.message, expected);
    assert.match(named.message, /^it looks for "node" in PATH\n/);
    assert.deepEqual([named.details, named.cause], [{ plugin: "blocked" }, cause]);
    // The next step stays last, and is there once.
    assert.equal(named.message.slice(named.summary.length), found.message.slice(found.summary.length));
  }
});

test("other failures stay as they are", () => {
  const exited = new PluginError("ERR_PLUGIN_EXITED_EARLY", "it exited with status 1");
  const lost = new PluginError("ERR_PLUGIN_EXITED_EARLY", 'no "mount" in PATH');
  const own = new TypeError("other");
  assert.equal(nameKeys(exited, configure(), {}), exited);
  assert.equal(nameKeys(lost, configure(), { PATH: "/bin" }), lost);
  assert.equal(nameKeys(own, configure(), {}), own);
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { launchNested } from "./support/nested-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

type Tls = "auto" | "none";

/** What each of three plugins, one below the other, finds in its environment. */
async function environmentsOf(sandbox: Sandbox, [first, ...rest]: readonly [Tls, Tls, Tls]) {
  const plugin = await launchNested(1, first);
  sandbox.watch(plugin.pid);
  const environments = JSON.parse(await plugin.dispense("echo").echo(JSON.stringify(rest))) as NodeJS.ProcessEnv[];
  assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
  assert.equal(environments.length, 3);
  return environments;
}

describe("plugins that are hosts themselves", { timeout: 60_000 }, () => {
  for (const tls of [
    ["auto", "none", "none"],
    ["none", "auto", "none"],
    ["auto", "auto", "auto"],
    ["auto", "none", "auto"],
  ] as const) {
    it(`pass nothing of their own host on, tls ${tls.join(" over ")} [env:nested env:built]`, async () => {
      await using sandbox = new Sandbox();
      const environments = await environmentsOf(sandbox, tls);
      for (const [index, environment] of environments.entries()) {
        const cookies = Object.keys(environment).filter((name) => name.startsWith("NESTED_"));
        assert.deepEqual(cookies, [`NESTED_${index + 1}`]);
        assert.equal("PLUGIN_CLIENT_CERT" in environment, tls[index] === "auto");
        assert.equal("PLUGIN_MULTIPLEX_GRPC" in environment, false);
        assert.equal("PLUGIN_UNIX_SOCKET_GROUP" in environment, false);
        // What is not the protocol's business arrives.
        assert.equal(environment["TMPDIR"], sandbox.temporary);
      }
      for (const name of ["PLUGIN_UNIX_SOCKET_DIR", "PLUGIN_CLIENT_CERT"]) {
        const values = environments.map((environment) => environment[name]).filter((value) => value !== undefined);
        assert.equal(new Set(values).size, values.length, `${name} is each plugin's own`);
      }
    });
  }

  it("leave a host's words out even when this process has them by accident [env:nested]", async () => {
    await using sandbox = new Sandbox();
    Object.assign(process.env, {
      PLUGIN_CLIENT_CERT: "leaked",
      PLUGIN_MULTIPLEX_GRPC: "true",
      PLUGIN_UNIX_SOCKET_GROUP: "x",
    });
    try {
      const [environment] = await environmentsOf(sandbox, ["none", "none", "none"]);
      assert.equal(environment?.["PLUGIN_CLIENT_CERT"], undefined);
      assert.equal(environment?.["PLUGIN_UNIX_SOCKET_GROUP"], undefined);
    } finally {
      for (const name of ["PLUGIN_CLIENT_CERT", "PLUGIN_MULTIPLEX_GRPC", "PLUGIN_UNIX_SOCKET_GROUP"]) {
        Reflect.deleteProperty(process.env, name);
      }
    }
  });
});

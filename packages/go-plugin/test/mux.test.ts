import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { ECHO_HANDSHAKE } from "./support/echo-kind.ts";
import { registerSpeaker, relayKind, sayMethod } from "./support/relay-kind.ts";
import type { RelayClient } from "./support/relay-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

const fixtures = join(import.meta.dirname, "fixtures");

type RelayKinds = { readonly relay: typeof relayKind };

async function launchRelay(
  sandbox: Sandbox,
  options: Partial<LaunchOptions<RelayKinds>> = {},
): Promise<{ readonly plugin: PluginProcess<RelayKinds>; readonly relay: RelayClient }> {
  const plugin = await launch({
    command: process.execPath,
    args: ["--conditions=source", join(fixtures, "relay-plugin.ts")],
    env: { TMPDIR: sandbox.temporary },
    handshake: ECHO_HANDSHAKE,
    versions: { 1: { relay: relayKind } },
    multiplex: true,
    ...options,
  });
  sandbox.watch(plugin.pid);
  return { plugin, relay: plugin.dispense("relay") };
}

for (const tls of ["none", "auto"] as const) {
  describe(`multiplexing, tls ${tls}`, { timeout: 60_000 }, () => {
    it("lets the plugin call the host back [mux:host mux:plugin mux:mtls]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = relay.broker.nextId();
      await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
      assert.equal(await relay.callBack(id, "hi"), "host: hi");
    });

    it("lets the host call what the plugin accepts [mux:host mux:plugin mux:mtls]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = await relay.open();
      await using connection = await relay.broker.dial(id);
      assert.equal(await connection.unary(sayMethod, "hi"), `plugin ${id}: hi`);
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    });
  });
}

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch, reattach } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import { GrpcError } from "@fairlead/grpc";
import { ECHO_HANDSHAKE } from "./support/echo-kind.ts";
import { registerSpeaker, relayKind, sayMethod } from "./support/relay-kind.ts";
import type { RelayClient } from "./support/relay-kind.ts";
import { isAlive, Sandbox } from "./support/sandbox.ts";

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
    ...options,
  });
  sandbox.watch(plugin.pid);
  return { plugin, relay: plugin.dispense("relay") };
}

/** The sockets of host and plugin. */
function countSockets(sandbox: Sandbox): number {
  return readdirSync(sandbox.temporary, { recursive: true, withFileTypes: true }).filter((entry) => entry.isSocket())
    .length;
}

/** Both directions, once. */
async function exchange(plugin: PluginProcess<RelayKinds>): Promise<void> {
  const relay = plugin.dispense("relay");
  await using _server = await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
  assert.equal(await relay.callBack(1), "host: hello");
  await using connection = await relay.broker.dial(await relay.open());
  assert.match(await connection.unary(sayMethod, "hi"), /^plugin \d: hi$/);
}

for (const tls of ["none", "auto"] as const) {
  describe(`the broker, tls ${tls}`, { timeout: 60_000 }, () => {
    it("lets the plugin call the host back [broker:accept broker:dial broker:mtls]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = relay.broker.nextId();
      await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
      assert.equal(await relay.callBack(id, "hi"), "host: hi");
    });

    it("lets the host call what the plugin accepts [broker:accept broker:dial broker:mtls]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const id = await relay.open();
      await using connection = await relay.broker.dial(id);
      assert.equal(await connection.unary(sayMethod, "hi"), `plugin ${id}: hi`);
    });

    it("brings many connections of both directions to their ends, whatever their order [broker:ids]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      await using _plugin = plugin;
      const there = Array.from({ length: 8 }, async () => {
        const id = await relay.open();
        await using connection = await relay.broker.dial(id);
        assert.equal(await connection.unary(sayMethod, "x"), `plugin ${id}: x`);
      });
      const back = Array.from({ length: 8 }, async () => {
        const id = relay.broker.nextId();
        // The plugin dials before it is told.
        const answer = relay.callBack(id, "y");
        await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, `host ${id}`));
        assert.equal(await answer, `host ${id}: y`);
      });
      await Promise.all([...there, ...back]);
    });

    it("fails brokered calls of a plugin that crashes, and what comes later, with its end [broker:gone]", async () => {
      await using sandbox = new Sandbox();
      const { plugin, relay } = await launchRelay(sandbox, { tls });
      const [first, unread] = [await relay.open(), await relay.open()];
      const connection = await relay.broker.dial(first);
      const cut = assert.rejects(connection.unary(sayMethod, "wait"), (error) => GrpcError.is(error, "UNAVAILABLE"));
      const dial = assert.rejects(relay.broker.dial(1_000), { code: "ERR_PLUGIN_GONE", message: /exit status 3/ });
      await Promise.all([assert.rejects(relay.crash()), cut, dial]);
      await plugin.exited;
      await assert.rejects(connection.unary(sayMethod, "x"), (error) => {
        assert.ok(GrpcError.is(error, "UNAVAILABLE") && PluginError.is(error.cause, "ERR_PLUGIN_GONE"));
        return true;
      });
      await assert.rejects(relay.broker.dial(unread), { code: "ERR_PLUGIN_GONE" });
      await assert.rejects(
        relay.broker.accept(1, () => {}),
        { code: "ERR_PLUGIN_GONE" },
      );
    });
  });
}

describe("the broker's sockets", { timeout: 60_000 }, () => {
  it("go when what they serve is closed, on either side [broker:files]", async () => {
    await using sandbox = new Sandbox();
    const { plugin, relay } = await launchRelay(sandbox);
    await using _plugin = plugin;
    const before = countSockets(sandbox);
    const server = await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
    const id = await relay.open();
    assert.equal(countSockets(sandbox), before + 2);
    await Promise.all([server.close(), server.close(), server[Symbol.asyncDispose]()]);
    assert.equal(countSockets(sandbox), before + 1);
    await relay.close(id);
    assert.equal(countSockets(sandbox), before);
    // And the folder is still good for others.
    await using _server = await relay.broker.accept(2, (registrar) => registerSpeaker(registrar, "host"));
    assert.equal(await relay.callBack(2), "host: hello");
  });

  it("are all gone when the plugin is stopped, with calls in the middle [broker:files broker:close]", async () => {
    await using sandbox = new Sandbox();
    const { plugin, relay } = await launchRelay(sandbox);
    await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
    const back = assert.rejects(relay.callBack(1, "wait"));
    const connection = await relay.broker.dial(await relay.open());
    const there = assert.rejects(connection.unary(sayMethod, "wait"));
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    await Promise.all([back, there, connection.closed]);
    // The sandbox looks for what was left.
  });

  it("are all gone when the plugin is killed [broker:files]", async () => {
    await using sandbox = new Sandbox();
    const { plugin, relay } = await launchRelay(sandbox, { tls: "auto" });
    await relay.broker.accept(1, (registrar) => registerSpeaker(registrar, "host"));
    await relay.open();
    await plugin.kill();
  });

  it("are all gone when the host is killed [broker:files]", async () => {
    await using sandbox = new Sandbox();
    const host = spawn(process.execPath, ["--conditions=source", join(fixtures, "accepting-host.ts")], {
      env: { TMPDIR: sandbox.temporary },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface(host.stdout), "line")) as [string];
    sandbox.watch(Number(line));
    const exited = once(host, "exit");
    host.kill("SIGKILL");
    await exited;
    // A plugin looks after its host once a second.
    while (isAlive(Number(line))) await new Promise((resolve) => setTimeout(resolve, 20));
  });
});

describe("the broker of a plugin that hosts attach to", { timeout: 60_000 }, () => {
  it("serves the host that came last, also after one that left [broker:takeover reattach:host]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({
      versions: { 1: [provide(relayKind, {})] },
      env: { TMPDIR: sandbox.temporary },
    });
    const attach = async (): Promise<PluginProcess<RelayKinds>> =>
      await reattach(server.reattachInfo, { versions: { 1: { relay: relayKind } } });
    const first = await attach();
    await exchange(first);
    await first.stop();
    await using second = await attach();
    await exchange(second);
    await using third = await attach();
    await exchange(third);
    await assert.rejects(second.dispense("relay").broker.dial(1), { code: "ERR_BROKER_UNAVAILABLE" });
    assert.match(await second.dispense("relay").open().then(String), /^\d$/);
  });
});

describe("the broker in memory", { timeout: 60_000 }, () => {
  it("connects both sides as between processes [broker:memory]", async () => {
    await using plugin = await connectInMemory(relayKind, {});
    const { client: relay } = plugin;
    const id = relay.broker.nextId();
    await using _server = await relay.broker.accept(id, (registrar) => registerSpeaker(registrar, "host"));
    assert.equal(await relay.callBack(id, "hi"), "host: hi");
    await using connection = await relay.broker.dial(await relay.open());
    assert.equal(await connection.unary(sayMethod, "hi"), "plugin 1: hi");
  });

  it("ends with the plugin [broker:memory broker:close]", async () => {
    const plugin = await connectInMemory(relayKind, {});
    const { broker } = plugin.client;
    const connection = await broker.dial(await plugin.client.open());
    const dial = assert.rejects(broker.dial(99), { code: "ERR_BROKER_CLOSED" });
    await plugin.close();
    await Promise.all([dial, connection.closed]);
    await assert.rejects(connection.unary(sayMethod, "x"), (error) => GrpcError.is(error, "UNAVAILABLE"));
    await assert.rejects(
      broker.accept(1, () => {}),
      { code: "ERR_BROKER_CLOSED" },
    );
  });
});

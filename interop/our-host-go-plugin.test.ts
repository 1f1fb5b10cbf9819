import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { PluginError, type LogFields, type Logger, type LogLevel } from "@fairlead/go-plugin";
import { launch, type LaunchOptions } from "@fairlead/go-plugin/host";
import { GrpcError } from "@fairlead/grpc";
import { NOTIFIER_HANDSHAKE, notifierKind, type NotifierClient } from "@fairlead/plugin-sdk/client";
import { buildInterop } from "./build.ts";
import { formatEventLine, parseEventLine, readEventLines, type AnyEvent } from "./event-lines.ts";
import { fullFsEvent, fullProviderEvent, sampleEvents } from "./sample-events.ts";
import { openTempFolder } from "./temp-folder.ts";

const built = await buildInterop();

const kinds = { notifier: notifierKind };

suite("our host, Go plugin", { skip: built === undefined && "go is not installed" }, () => {
  const { notifierPlugin } = built!;
  const start = async (options: Partial<LaunchOptions<typeof kinds>> = {}) =>
    await launch({
      command: notifierPlugin,
      env: {},
      handshake: NOTIFIER_HANDSHAKE,
      versions: { 1: kinds },
      ...options,
    });

  for (const tls of ["none", "auto"] as const) {
    test(`every field arrives and stop() ends the plugin with code 0, tls ${tls} [call:fields env:cookie dispense:client health:ping mtls:host stop:ladder exit:status]`, async () => {
      await using folder = await openTempFolder();
      const out = folder.at("events");
      await using plugin = await start({ tls, env: { NOTIFIER_PLUGIN_OUT: out } });
      assert.equal(plugin.protocolVersion, 1);
      const notifier = plugin.dispense("notifier");
      for (const event of sampleEvents) await send(notifier, event);
      assert.deepEqual(await readEventLines(out), sampleEvents.map(formatEventLine).map(parseEventLine));
      await plugin.ping();
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
      await assert.rejects(notifier.sendFsEvent(fullFsEvent));
    });

    test(`250 calls in flight all arrive, tls ${tls} [call:concurrent]`, async () => {
      await using folder = await openTempFolder();
      const out = folder.at("events");
      await using plugin = await start({ tls, env: { NOTIFIER_PLUGIN_OUT: out } });
      const notifier = plugin.dispense("notifier");
      const sizes = Array.from({ length: 1000 }, (_, i) => BigInt(i));
      const pending = new Set<Promise<void>>();
      for (const fileSizeBytes of sizes) {
        const call = notifier.sendFsEvent({ ...fullFsEvent, fileSizeBytes });
        pending.add(call);
        void call.finally(() => pending.delete(call)).catch(() => undefined);
        if (pending.size >= 250) await Promise.race(pending);
      }
      await Promise.all(pending);
      const lines = (await readEventLines(out)) as { fs: { file_size: string } }[];
      const arrived = lines.map((line) => BigInt(line.fs.file_size)).sort((a, b) => Number(a - b));
      assert.deepEqual(arrived, sizes);
    });
  }

  test("an event of 4 MiB is too much for a Go plugin, one a little smaller is not [call:size]", async () => {
    await using folder = await openTempFolder();
    const out = folder.at("events");
    await using plugin = await start({ tls: "auto", env: { NOTIFIER_PLUGIN_OUT: out } });
    const notifier = plugin.dispense("notifier");
    // grpc-go's default, which go-plugin leaves as it is on the plugin's side.
    const objectData = randomBytes(4 * 1_048_576);
    const refused = notifier.sendProviderEvent({ ...fullProviderEvent, objectData });
    await assert.rejects(refused, (error) => {
      assert.ok(GrpcError.is(error, "RESOURCE_EXHAUSTED"), String(error));
      assert.match(
        error.message,
        /larger than max \(\d+ vs\. 4194304\): the plugin takes no larger messages than 4 MiB/,
      );
      assert.match(error.message, /grpc\.MaxRecvMsgSize\(bytes\)\)\.\.\.\) in GRPCServer in plugin\.ServeConfig$/);
      return true;
    });
    await notifier.sendProviderEvent({ ...fullProviderEvent, objectData: objectData.subarray(4096) });
    const [line] = (await readEventLines(out)) as [{ provider: { object_data: string } }];
    assert.equal(Buffer.from(line.provider.object_data, "base64").equals(objectData.subarray(4096)), true);
  });

  test("a plugin's error is a GrpcError UNKNOWN with its text [call:error]", async () => {
    await using plugin = await start({ env: { NOTIFIER_PLUGIN_FAIL: "no space left: 100% of /é" } });
    await assert.rejects(plugin.dispense("notifier").sendFsEvent(fullFsEvent), (error) => {
      assert.ok(GrpcError.is(error, "UNKNOWN"), String(error));
      assert.match(error.message, /no space left: 100% of \/é/);
      return true;
    });
  });

  test("a plugin slower than the call's time is DEADLINE_EXCEEDED and stays usable [call:deadline]", async () => {
    await using plugin = await start({ tls: "auto", env: { NOTIFIER_PLUGIN_SLEEP: "300ms" } });
    const notifier = plugin.dispense("notifier");
    await assert.rejects(notifier.sendFsEvent(fullFsEvent, { timeoutMs: 50 }), (error) =>
      GrpcError.is(error, "DEADLINE_EXCEEDED"),
    );
    await notifier.sendFsEvent(fullFsEvent, { timeoutMs: 20_000 });
  });

  test("a plugin that dies in a call fails the call and reports its exit code [call:gone exit:status]", async () => {
    await using plugin = await start({ tls: "auto", env: { NOTIFIER_PLUGIN_CRASH: "2" } });
    const notifier = plugin.dispense("notifier");
    await notifier.sendFsEvent(fullFsEvent);
    await assert.rejects(notifier.sendFsEvent(fullFsEvent));
    assert.deepEqual(await plugin.exited, { code: 7, signal: null });
  });

  test("the plugin's hclog lines become our log, with level, message and fields [log:stderr]", async () => {
    await using folder = await openTempFolder();
    const logger = new RecordingLogger();
    await using plugin = await start({ logger, env: { NOTIFIER_PLUGIN_OUT: folder.at("events") } });
    await plugin.dispense("notifier").sendFsEvent(fullFsEvent);
    await plugin.stop();
    const started = logger.events.find(({ message }) => message === "notifier started");
    // The plugin's own `pid`, under a name that keeps it apart from what the host says.
    assert.deepEqual([started?.level, started?.fields["plugin.pid"]], ["info", plugin.pid]);
    assert.equal(logger.events.find(({ message }) => message === "event")?.level, "debug");
  });

  test("the right checksum lets the plugin start, another does not [launch:checksum]", async () => {
    const hex = createHash("sha256")
      .update(await readFile(notifierPlugin))
      .digest("hex");
    await using plugin = await start({ checksum: { algorithm: "sha256", hex } });
    await plugin.ping();
    await assert.rejects(start({ checksum: { algorithm: "sha256", hex: "00".repeat(32) } }), (error) =>
      PluginError.is(error, "ERR_CHECKSUM_MISMATCH"),
    );
  });

  test("a plugin that refuses to start says why in the error [handshake:early-exit]", async () => {
    await assert.rejects(start({ env: { NOTIFIER_PLUGIN_SLEEP: "soon" } }), (error) => {
      assert.ok(PluginError.is(error, "ERR_PLUGIN_EXITED_EARLY"), String(error));
      assert.match(error.message, /unusable environment/);
      return true;
    });
  });
});

async function send(notifier: NotifierClient, event: AnyEvent): Promise<void> {
  if ("fs" in event) await notifier.sendFsEvent(event.fs);
  else if ("provider" in event) await notifier.sendProviderEvent(event.provider);
  else await notifier.sendLogEvent(event.log);
}

class RecordingLogger implements Logger {
  readonly events: { level: LogLevel; message: string; fields: LogFields }[] = [];
  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.events.push({ level, message, fields });
  }
  child(): Logger {
    return this;
  }
}

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { goPeerPath, hasGoPeer } from "../scripts/go-peers.ts";
import { bundlePlugin, pluginPath } from "./bundle-plugin.ts";
import { readEventLines } from "./event-lines.ts";
import { openTempFolder, type TempFolder } from "./temp-folder.ts";

const name = "grpcurl";
if (!hasGoPeer(name) && process.env["CI"] !== undefined) throw new TypeError(`${name} is missing: npm run go-peers`);

/** A plugin as a host starts it, without a host. */
interface RunningPlugin extends AsyncDisposable {
  readonly socket: string;
}

async function startPlugin(executable: string, env: Readonly<Record<string, string>>): Promise<RunningPlugin> {
  const child = spawn(executable, {
    env: { PATH: pluginPath, SFTPGO_PLUGIN_NOTIFIER: "c499b98b-cd59-4df2-92b3-6268817f4d80", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    socket: line.split("|")[3] ?? "",
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

suite("grpcurl, our plugin", { skip: !hasGoPeer(name) && `${name} is missing: npm run go-peers` }, () => {
  let folder: TempFolder;
  let plugin: RunningPlugin;
  before(async () => {
    folder = await openTempFolder();
    const entry = join(import.meta.dirname, "fixtures", "recording-notifier.ts");
    const executable = await bundlePlugin(entry, folder.at("recording-notifier"));
    plugin = await startPlugin(executable, { TMPDIR: folder.path, RECORDING_NOTIFIER_OUT: folder.at("events") });
  });
  after(async () => {
    await plugin[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** Over the plugin's socket, in plaintext; rejects when grpcurl fails. */
  async function grpcurl(...args: readonly string[]): Promise<string> {
    return await call(undefined, ...args);
  }

  async function call(data: string | undefined, ...args: readonly string[]): Promise<string> {
    const flags = ["-plaintext", "-max-time", "20", ...(data === undefined ? [] : ["-d", data])];
    const { stdout } = await promisify(execFile)(goPeerPath(name), [...flags, `unix://${plugin.socket}`, ...args], {
      timeout: 30_000,
    });
    return stdout;
  }

  test("lists exactly the services of a plugin [serve:reflection serve:services]", async () => {
    assert.deepEqual((await grpcurl("list")).trim().split("\n"), [
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
      "plugin.GRPCBroker",
      "plugin.GRPCController",
      "plugin.GRPCStdio",
      "proto.Notifier",
    ]);
  });

  const METHODS: Readonly<Record<string, readonly string[]>> = {
    "grpc.health.v1.Health": ["Check", "Watch"],
    "grpc.reflection.v1.ServerReflection": ["ServerReflectionInfo"],
    "grpc.reflection.v1alpha.ServerReflection": ["ServerReflectionInfo"],
    "plugin.GRPCBroker": ["StartStream"],
    "plugin.GRPCController": ["Shutdown"],
    "plugin.GRPCStdio": ["StreamStdio"],
    "proto.Notifier": ["SendFsEvent", "SendLogEvent", "SendProviderEvent"],
  };
  for (const [service, methods] of Object.entries(METHODS)) {
    test(`lists the methods of ${service} and describes it [serve:reflection]`, async () => {
      assert.deepEqual(
        (await grpcurl("list", service)).trim().split("\n"),
        methods.map((method) => `${service}.${method}`),
      );
      assert.match(
        await grpcurl("describe", service),
        new RegExp(`is a service:\nservice ${service.split(".").at(-1)} {`),
      );
    });
  }

  test("describes a message with all its fields [serve:reflection]", async () => {
    const text = await grpcurl("describe", "proto.LogEvent");
    assert.match(text, /message LogEvent \{[^}]*int64 timestamp = 1;[^}]*string username = /);
  });

  test("is told what is unknown [serve:reflection]", async () => {
    await assert.rejects(grpcurl("describe", "proto.Missing"), /Symbol not found: proto\.Missing/);
  });

  test("calls the health service [serve:reflection health:ping]", async () => {
    const answer = await call('{"service":"plugin"}', "grpc.health.v1.Health/Check");
    assert.deepEqual(JSON.parse(answer), { status: "SERVING" });
  });

  test("calls the plugin's own service, which gets the event [serve:reflection]", async () => {
    await call('{"timestamp":"1700000000000000001","username":"ada"}', "proto.Notifier/SendLogEvent");
    const [event] = await readEventLines(folder.at("events"));
    assert.match(JSON.stringify(event), /1700000000000000001.*ada/);
  });
});

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { createIdentity } from "../packages/go-plugin/src/tls/certificate.ts";
import { goPeerPath, hasGoPeer } from "../scripts/go-peers.ts";
import { bundlePlugin, pluginPath } from "./bundle-plugin.ts";
import { readEventLines } from "./event-lines.ts";
import { openTempFolder, type TempFolder } from "./temp-folder.ts";

const name = "grpcurl";
if (!hasGoPeer(name) && process.env["CI"] !== undefined) throw new TypeError(`${name} is missing: npm run go-peers`);

/** A plugin as a host starts it, without a host. */
interface RunningPlugin extends AsyncDisposable {
  readonly socket: string;
  /** With AutoMTLS, the plugin's own. */
  readonly certificatePem: string;
}

async function startPlugin(executable: string, env: Readonly<Record<string, string>>): Promise<RunningPlugin> {
  const child = spawn(executable, {
    env: { PATH: pluginPath, SFTPGO_PLUGIN_NOTIFIER: "c499b98b-cd59-4df2-92b3-6268817f4d80", ...env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const [, , , socket = "", , certificate = ""] = line.split("|");
  // In the line it stands without padding, in PEM with.
  const base64 = Buffer.from(certificate, "base64").toString("base64");
  return {
    socket,
    certificatePem: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Rejects when grpcurl fails. */
async function dial(plugin: RunningPlugin, flags: readonly string[], ...args: readonly string[]): Promise<string> {
  const command = [...flags, "-max-time", "20", `unix://${plugin.socket}`, ...args];
  const { stdout } = await promisify(execFile)(goPeerPath(name), command, { timeout: 30_000 });
  return stdout;
}

suite("grpcurl, our plugin", { skip: !hasGoPeer(name) && `${name} is missing: npm run go-peers` }, () => {
  let folder: TempFolder;
  let executable: string;
  let plugin: RunningPlugin;
  before(async () => {
    folder = await openTempFolder();
    const entry = join(import.meta.dirname, "fixtures", "recording-notifier.ts");
    executable = await bundlePlugin(entry, folder.at("recording-notifier"));
    plugin = await startPlugin(executable, { TMPDIR: folder.path, RECORDING_NOTIFIER_OUT: folder.at("events") });
  });
  after(async () => {
    await plugin[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** Over the plugin's socket, in plaintext. */
  async function grpcurl(...args: readonly string[]): Promise<string> {
    return await dial(plugin, ["-plaintext"], ...args);
  }

  async function call(data: string, method: string): Promise<string> {
    return await dial(plugin, ["-plaintext", "-d", data], method);
  }

  test("lists exactly the services of a plugin [serve:reflection serve:services]", async () => {
    assert.deepEqual((await grpcurl("list")).trim().split("\n"), [
      "fairlead.PluginInfo",
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
    "fairlead.PluginInfo": ["Describe"],
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
  test("does the same with AutoMTLS, as the host the plugin was told of [serve:reflection mtls:plugin]", async () => {
    const host = createIdentity();
    const env = { TMPDIR: folder.path, PLUGIN_CLIENT_CERT: host.certificatePem };
    await using secured = await startPlugin(executable, env);
    await writeFile(folder.at("plugin.pem"), secured.certificatePem);
    await writeFile(folder.at("host.pem"), host.certificatePem);
    await writeFile(folder.at("host.key"), host.privateKeyPem, { mode: 0o600 });
    const trust = ["-cacert", folder.at("plugin.pem"), "-servername", "localhost"];
    const identity = ["-cert", folder.at("host.pem"), "-key", folder.at("host.key")];
    assert.match(await dial(secured, [...trust, ...identity], "list"), /^proto\.Notifier$/m);
    await assert.rejects(dial(secured, [...trust, "-connect-timeout", "1"], "list"));
  });
});

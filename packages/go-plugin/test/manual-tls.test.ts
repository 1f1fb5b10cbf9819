import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginErrorCode } from "@fairlead/go-plugin";
import { launch, reattach } from "@fairlead/go-plugin/host";
import type { LaunchOptions, ManualTls } from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import { listening, someCertificate } from "./support/bad-plugin.ts";
import { issueCertificate } from "./support/certificates.ts";
import { echoKind } from "./support/echo-kind.ts";
import { echoKinds, echoOptions, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { Sandbox } from "./support/sandbox.ts";

const authority = issueCertificate("authority");
const hostTls: ManualTls = {
  ...issueCertificate("the-host", { issuer: authority }),
  ca: authority.cert,
  serverName: "the-plugin",
};
const pluginTls: ManualTls = {
  ...issueCertificate("the-plugin", { issuer: authority }),
  ca: authority.cert,
  serverName: "the-host",
};

/** Options for an echo plugin with certificates of its own. */
function withTls(sandbox: Sandbox, tls: ManualTls = pluginTls): Partial<LaunchOptions<EchoKinds>> {
  return { env: { TLS_FILE: sandbox.file("tls.json", JSON.stringify(tls), 0o600) } };
}

async function failureOf(starting: Promise<{ kill(): Promise<unknown> }>): Promise<PluginError> {
  try {
    const plugin = await starting;
    await plugin.kill();
  } catch (error) {
    assert.ok(PluginError.is(error), String(error));
    return error;
  }
  return assert.fail("the plugin started");
}

describe("certificates of one's own", { timeout: 60_000 }, () => {
  it("let a host and its plugin talk [tls:manual]", async () => {
    await using sandbox = new Sandbox();
    await using plugin = await launchEcho(sandbox, { ...withTls(sandbox), tls: hostTls });
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
  });

  it("let a host attach to a running plugin [tls:manual]", async () => {
    await using sandbox = new Sandbox();
    await using server = await startReattachableServer({
      versions: { 1: [provide(echoKind, { echo: (text) => text })] },
      env: { TMPDIR: sandbox.temporary },
      tls: pluginTls,
    });
    const options = { versions: { 1: echoKinds } };
    await using plugin = await reattach(server.reattachInfo, { ...options, tls: hostTls });
    assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
    await assert.rejects(reattach(server.reattachInfo, options), { code: "ERR_PLUGIN_UNHEALTHY", message: /\btls\b/ });
  });

  const mismatches: readonly (readonly [
    what: string,
    host: LaunchOptions<EchoKinds>["tls"],
    plugin: ManualTls | undefined,
    code: PluginErrorCode,
    text: RegExp,
  ])[] = [
    [
      "only the host has them",
      hostTls,
      undefined,
      "ERR_TLS_IDENTITY",
      /did not start: TLS handshake with the plugin at .* failed: wrong version number \(ERR_SSL_WRONG_VERSION_NUMBER\): the other side does not speak TLS\n[\s\S]*both have certificates of their own/,
    ],
    [
      "only the plugin has them",
      "none",
      pluginTls,
      "ERR_PLUGIN_UNHEALTHY",
      /health check failed: UNAVAILABLE[\s\S]*Note: [^\n]*option tls/,
    ],
    [
      "the host asks for AutoMTLS",
      "auto",
      pluginTls,
      "ERR_TLS_IDENTITY",
      /AutoMTLS mismatch: the host asked for AutoMTLS, but the plugin sent no certificate: .*certificates of its own/,
    ],
    [
      "the plugin's is for another name",
      { ...hostTls, serverName: "another-plugin" },
      pluginTls,
      "ERR_TLS_IDENTITY",
      /TLS handshake with the plugin at .* failed: .*another-plugin/,
    ],
    [
      "the plugin's is out of date",
      hostTls,
      { ...pluginTls, ...issueCertificate("the-plugin", { issuer: authority, nowMs: Date.UTC(2020, 1) }) },
      "ERR_TLS_IDENTITY",
      /TLS handshake with the plugin at .* failed: certificate has expired \(CERT_HAS_EXPIRED\)/,
    ],
    [
      "the plugin's is of another authority",
      hostTls,
      { ...pluginTls, ...issueCertificate("the-plugin") },
      "ERR_TLS_IDENTITY",
      /TLS handshake with the plugin at .* failed: self-signed certificate/,
    ],
    [
      "the host's is of another authority",
      { ...hostTls, ...issueCertificate("the-host") },
      pluginTls,
      "ERR_PLUGIN_UNHEALTHY",
      /health check failed: UNAVAILABLE/,
    ],
  ];
  for (const [what, tls, plugin, code, text] of mismatches) {
    it(`fail the start when ${what} [tls:mismatch]`, async () => {
      await using sandbox = new Sandbox();
      const own = plugin === undefined ? {} : withTls(sandbox, plugin);
      const error = await failureOf(launchEcho(sandbox, { ...own, tls: tls ?? "none" }));
      sandbox.watch(Number(error.details["pid"]));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, text);
      assert.ok(!error.message.includes("PRIVATE KEY"));
    });
  }

  it("fail the start when the plugin announces a one-time certificate [tls:mismatch]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", listening({ line: `\`1|1|unix|\${path}|grpc|${someCertificate}\`` }));
    const error = await failureOf(launch(echoOptions(command, { tls: hostTls })));
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(error.code, "ERR_TLS_IDENTITY");
    assert.match(
      error.message,
      /the host has certificates of its own, but the plugin announced a one-time certificate/,
    );
  });

  it("are the plugin's, whatever the host asked for; it says so [tls:mismatch]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const error = await failureOf(launchEcho(sandbox, { ...withTls(sandbox), tls: "auto", logger }));
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(logger.find("the host asks for AutoMTLS, but this plugin has certificates of its own")?.level, "warn");
  });

  it("are checked before anything is started [tls:manual]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    await assert.rejects(launchEcho(sandbox, { tls: { ca: "none at all" }, logger }), {
      code: "ERR_INVALID_OPTION",
      message: /option tls\.ca cannot be read/,
    });
    assert.equal(logger.find("starting plugin"), undefined);
  });
});

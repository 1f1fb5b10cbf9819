import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import { isAlive, Sandbox } from "./support/sandbox.ts";
import { launchEcho } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";

class TextSink extends Writable {
  text = "";
  #waiting: (() => void)[] = [];

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.text += Buffer.from(chunk).toString("latin1");
    for (const wake of this.#waiting.splice(0)) wake();
    callback();
  }

  async waitFor(found: (text: string) => boolean): Promise<void> {
    while (!found(this.text)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

for (const tls of ["none", "auto"] as const) {
  describe(`launch and serve, tls ${tls}`, { timeout: 60_000 }, () => {
    it("answers calls and ends with status 0 [env:cookie dispense:client health:ping serve:line serve:shutdown exit:status]", async () => {
      await using sandbox = new Sandbox();
      const plugin = await launchEcho(sandbox, { tls });
      assert.equal(await plugin.dispense("echo").echo("hello"), "hello");
      await plugin.ping();
      assert.equal(plugin.protocolVersion, 1);
      assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
      assert.deepEqual(await plugin.exited, { code: 0, signal: null });
    });

    it("carries what the plugin prints, from before the handshake on [stdio:sinks serve:stdout serve:stdio]", async () => {
      await using sandbox = new Sandbox();
      const [stdout, stderr] = [new TextSink(), new TextSink()];
      await using plugin = await launchEcho(sandbox, { tls, stdio: { stdout, stderr } });
      const echo = plugin.dispense("echo");
      await echo.echo("print stdout");
      await echo.echo("print stderr");
      const expected = Buffer.from("printed on load\nwritten on load\nout €\n").toString("latin1");
      await stdout.waitFor((text) => text.length >= expected.length);
      await stderr.waitFor((text) => text.includes("err\n"));
      assert.equal(stdout.text, expected);
      assert.equal(stderr.text, "err\n");
    });

    it("goes on when a plugin prints a flood that nobody wants [stdio:drain]", async () => {
      await using sandbox = new Sandbox();
      await using plugin = await launchEcho(sandbox, { tls });
      const echo = plugin.dispense("echo");
      for (const flood of ["flood stdout", "flood stderr", "flood stdout"]) await echo.echo(flood);
      assert.equal(await echo.echo("alive"), "alive");
    });
  });
}

describe("launch", { timeout: 60_000 }, () => {
  it("takes the highest version both sides know [env:versions version:choice]", async () => {
    await using sandbox = new Sandbox();
    const { echoKinds } = await import("./support/launch-echo.ts");
    await using plugin = await launchEcho(sandbox, { versions: { 1: echoKinds, 2: echoKinds, 3: echoKinds } });
    assert.equal(plugin.protocolVersion, 3);
  });

  it("fails when no version fits, naming both sides' [version:mismatch]", async () => {
    await using sandbox = new Sandbox();
    const { echoKinds } = await import("./support/launch-echo.ts");
    await assert.rejects(launchEcho(sandbox, { versions: { 2: echoKinds } }), {
      code: "ERR_APP_VERSION",
      message: /incompatible API version with plugin. Plugin version: 1, Client versions: \[2\]/,
    });
  });

  it("gives the plugin nothing of the host's environment [env:built env:socket-dir env:ports env:client-cert]", async () => {
    await using sandbox = new Sandbox();
    await using plugin = await launchEcho(sandbox, { env: { MINE: "yes", PLUGIN_CLIENT_CERT: "leaked" } });
    const env = JSON.parse(await plugin.dispense("echo").echo("environment")) as Record<string, string>;
    assert.deepEqual(
      Object.keys(env).toSorted((a, b) => a.localeCompare(b)),
      [
        "FAIRLEAD_ECHO",
        "MINE",
        "PLUGIN_MAX_PORT",
        "PLUGIN_MIN_PORT",
        "PLUGIN_PROTOCOL_VERSIONS",
        "PLUGIN_UNIX_SOCKET_DIR",
        "TMPDIR",
      ],
    );
  });

  it(
    "gives the plugin no terminal to read [launch:stdin]",
    { skip: process.platform !== "linux" && "looks into /proc" },
    async () => {
      await using sandbox = new Sandbox();
      await using plugin = await launchEcho(sandbox);
      assert.equal(await plugin.dispense("echo").echo("stdin"), "/dev/null");
    },
  );

  it(
    "gives the plugin a group of its own [launch:group]",
    { skip: process.platform !== "linux" && "looks into /proc" },
    async () => {
      await using sandbox = new Sandbox();
      await using plugin = await launchEcho(sandbox);
      // proc(5): pid (name) state parent group session …
      const [, , group, session] = readFileSync(`/proc/${plugin.pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      assert.deepEqual([group, session], [`${plugin.pid}`, `${plugin.pid}`]);
    },
  );

  it("logs what the plugin writes to stderr [log:stderr]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger, name: "echo", args: ["--say-stop"] });
    await plugin.dispense("echo").echo("print stderr");
    assert.equal((await logger.waitFor("err")).level, "debug");
    await plugin.stop();
    assert.deepEqual(logger.find("[INFO] stop ran"), {
      level: "info",
      message: "[INFO] stop ran",
      fields: { plugin: "echo", pid: plugin.pid },
    });
    assert.equal(logger.find("plugin process exited")?.level, "debug");
  });

  it("logs the crash of a plugin as an error, and fails its calls [log:stderr call:gone exit:status]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger });
    const echo = plugin.dispense("echo");
    const calls = await Promise.allSettled([echo.echo("slow"), echo.echo("crash")]);
    for (const call of calls) {
      assert.ok(call.status === "rejected" && GrpcError.is(call.reason, "UNAVAILABLE"));
    }
    const exit = await plugin.exited;
    assert.ok(exit.code !== 0 && exit.signal === null);
    assert.match(String(logger.find("plugin crashed")?.fields["error"]), /crashed on purpose/);
    assert.equal(logger.find("plugin process exited")?.level, "debug");
  });

  it("fails every call after the plugin's end, saying how it ended [call:gone health:ping exit:status]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await launchEcho(sandbox);
    const echo = plugin.dispense("echo");
    await assert.rejects(echo.echo("exit"), (error) => GrpcError.is(error, "UNAVAILABLE"));
    assert.deepEqual(await plugin.exited, { code: 7, signal: null });
    for (const client of [echo, plugin.dispense("echo")]) {
      await assert.rejects(client.echo("hello"), (error) => {
        assert.ok(GrpcError.is(error, "UNAVAILABLE") && PluginError.is(error.cause, "ERR_PLUGIN_GONE"));
        assert.match(error.message, /exit status 7/);
        assert.equal(error.cause.details["code"], 7);
        return true;
      });
    }
    await assert.rejects(plugin.ping(), { code: "ERR_PLUGIN_GONE", message: /exit status 7/ });
    assert.deepEqual(await plugin.stop(), { code: 7, signal: null });
  });

  it("refuses to dispense a kind it does not have [dispense:unknown]", async () => {
    await using sandbox = new Sandbox();
    await using plugin = await launchEcho(sandbox);
    for (const name of ["other", "toString", "__proto__"]) {
      // @ts-expect-error only the kinds of the versions exist
      assert.throws(() => plugin.dispense(name), { code: "ERR_UNKNOWN_PLUGIN", message: /unknown plugin type: / });
    }
  });

  it("tells clients that the plugin is gone [call:gone]", async () => {
    await using sandbox = new Sandbox();
    const { launch } = await import("@fairlead/go-plugin/host");
    const { definePluginKind } = await import("@fairlead/go-plugin");
    const { echoOptions } = await import("./support/launch-echo.ts");
    const kind = definePluginKind<unknown, AbortSignal>({
      name: "signal",
      register() {},
      connect: (_connection, context) => context.signal,
    });
    const fixture = new URL("fixtures/echo-plugin.ts", import.meta.url).pathname;
    await using plugin = await launch({
      ...echoOptions(process.execPath),
      args: ["--conditions=source", fixture],
      versions: { 1: { signal: kind } },
    });
    sandbox.watch(plugin.pid);
    const signal = plugin.dispense("signal");
    assert.equal(signal.aborted, false);
    await plugin.kill();
    await plugin.exited;
    assert.ok(PluginError.is(signal.reason, "ERR_PLUGIN_GONE"));
  });

  it("starts nothing when the checksum differs [launch:checksum]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const checksum = { algorithm: "sha256", hex: "0".repeat(64) } as const;
    await assert.rejects(launchEcho(sandbox, { checksum, logger }), { code: "ERR_CHECKSUM_MISMATCH" });
    assert.equal(logger.find("starting plugin"), undefined);
  });

  it("reports that the plugin's own start failed [serve:start-failure handshake:early-exit]", async () => {
    await using sandbox = new Sandbox();
    await assert.rejects(launchEcho(sandbox, { args: ["--fail-start"] }), {
      code: "ERR_PLUGIN_EXITED_EARLY",
      message: /exited with status 1: plugin init error: Error: cannot start today/,
    });
  });

  for (const [what, argument, reason] of [
    ["is loaded", "--fail-load", /it exited with status 1: TypeError: cannot load today/],
    ["starts", "--exit-start", /it exited with status 6/],
  ] as const) {
    it(`tells a plugin's prints from its handshake line when it fails while it ${what} [serve:stdout handshake:early-exit]`, async () => {
      await using sandbox = new Sandbox();
      const error = await launchEcho(sandbox, { args: [argument] }).catch((failure: unknown) => failure);
      assert.ok(PluginError.is(error, "ERR_PLUGIN_EXITED_EARLY"));
      assert.match(error.message, reason);
      assert.equal(error.details["firstLine"], "");
      assert.match(error.message, /On stderr:[\s\S]*printed on load\n {2}written on load/);
    });
  }

  it("refuses options that make no sense [launch:options]", async () => {
    await using sandbox = new Sandbox();
    for (const options of [
      { startTimeoutMs: 0 },
      { stopGraceMs: Number.NaN },
      { versions: {} },
      { handshake: { key: "", value: "x" } },
      { ports: { min: 2, max: 1 } },
      { checksum: { algorithm: "sha256", hex: "12" } } as const,
    ]) {
      await assert.rejects(launchEcho(sandbox, options), { code: "ERR_INVALID_OPTION" });
    }
  });
});

describe("launch without types", { timeout: 60_000 }, () => {
  const wrong: readonly (readonly [option: string, value: unknown])[] = [
    ["command", undefined],
    ["handshake", undefined],
    ["handshake", { key: "COOKIE" }],
    ["env", undefined],
    ["env", { PATH: undefined }],
    ["versions", undefined],
    ["tls", "AUTO"],
    ["tls", true],
    ["logger", { log() {} }],
    ["logger", { child() {} }],
  ];
  for (const [option, value] of wrong) {
    it(`refuses ${option} ${JSON.stringify(value)}, and leaves nothing [launch:options]`, async () => {
      await using sandbox = new Sandbox();
      const { echoOptions } = await import("./support/launch-echo.ts");
      const { launch } = await import("@fairlead/go-plugin/host");
      const command = sandbox.script("plugin", "process.exit(1)");
      const options = { ...echoOptions(command), [option]: value } as ReturnType<typeof echoOptions>;
      await assert.rejects(launch(options), (error) => {
        assert.ok(PluginError.is(error, "ERR_INVALID_OPTION"), String(error));
        assert.equal(error.details["option"], option);
        return true;
      });
    });
  }
});

describe("the end of a plugin", { timeout: 60_000 }, () => {
  it("lets running calls finish [serve:shutdown]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await launchEcho(sandbox);
    const short = plugin.dispense("echo").echo("short");
    await plugin.dispense("echo").echo("now");
    const exit = plugin.stop();
    assert.equal(await short, "finished");
    assert.deepEqual(await exit, { code: 0, signal: null });
  });

  it("does not wait for ever for calls or the plugin's stop [serve:shutdown]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { args: ["--hang-stop"], logger });
    const slow = assert.rejects(plugin.dispense("echo").echo("slow"));
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
    await slow;
    assert.ok(logger.find("plugin's stop took too long, ending without it"));
  });

  it("comes with SIGTERM too, and cleans up [serve:sigterm]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const plugin = await launchEcho(sandbox, { logger, args: ["--say-stop"] });
    process.kill(plugin.pid, "SIGTERM");
    assert.deepEqual(await plugin.exited, { code: 0, signal: null });
    assert.ok(logger.find("[INFO] stop ran"));
  });

  it("does not come with SIGINT [serve:sigint]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    await using plugin = await launchEcho(sandbox, { logger });
    process.kill(plugin.pid, "SIGINT");
    assert.equal((await logger.waitFor("plugin received interrupt signal, ignoring")).fields["count"], 1);
    assert.equal(await plugin.dispense("echo").echo("alive"), "alive");
  });

  it("is the same for everybody who asks for it [stop:once]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await launchEcho(sandbox);
    const ends = await Promise.all([plugin.stop(), plugin.stop(), plugin[Symbol.asyncDispose]()]);
    assert.deepEqual(ends.slice(0, 2), [
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
    assert.equal(isAlive(plugin.pid), false);
  });

  it("can be a kill [stop:kill stop:once]", async () => {
    await using sandbox = new Sandbox();
    const plugin = await launchEcho(sandbox);
    assert.deepEqual(await plugin.kill(), { code: null, signal: "SIGKILL" });
    assert.deepEqual(await plugin.kill(), { code: null, signal: "SIGKILL" });
  });

  it("comes with the launch's signal [launch:abort]", async () => {
    await using sandbox = new Sandbox();
    const controller = new AbortController();
    const plugin = await launchEcho(sandbox, { signal: controller.signal });
    controller.abort();
    assert.deepEqual(await plugin.exited, { code: null, signal: "SIGKILL" });
  });
});

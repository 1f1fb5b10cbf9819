import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions } from "@fairlead/go-plugin/host";
import { connectGrpc, createGrpcServer, createStreamPair, defineMethod } from "@fairlead/grpc";
import type { Codec } from "@fairlead/grpc";
import { receiveStdio } from "../src/host/stdio-sink.ts";
import { writeBytesField, writeVarintField } from "../src/protocol/protobuf.ts";
import { streamStdioMethod } from "../src/protocol/services.ts";
import { createIdentity } from "../src/tls/certificate.ts";
import { listening } from "./support/bad-plugin.ts";
import { issueCertificate } from "./support/certificates.ts";
import type { TestCertificate } from "./support/certificates.ts";
import { echoOptions, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { Sandbox } from "./support/sandbox.ts";

/** What a plugin that never gets to its handshake leaves in the log. */
async function logOf(
  sandbox: Sandbox,
  body: string,
  options: Partial<LaunchOptions<EchoKinds>> = {},
): Promise<{ logger: LogCollector; error: PluginError }> {
  const logger = new LogCollector();
  const command = sandbox.script("plugin", `const fs = require("node:fs");\n${body}\nprocess.exit(1);`);
  const error: unknown = await launch(echoOptions(command, { ...options, logger })).then(
    () => assert.fail("the plugin started"),
    (failure: unknown) => failure,
  );
  assert.ok(PluginError.is(error), String(error));
  sandbox.watch(Number(error.details["pid"]));
  return { logger, error };
}

const OWN = new Set(["starting plugin", "plugin process exited"]);

function linesOf(logger: LogCollector): readonly string[] {
  return logger.events.map(({ message }) => message).filter((message) => !OWN.has(message));
}

describe("a plugin that logs", { timeout: 120_000 }, () => {
  const lines: readonly (readonly [what: string, line: string])[] = [
    ["null", "null"],
    ["a message that is a number", `{"@level":"info","@message":7}`],
    ["a level that is an object", `{"@level":{"toString":1},"@message":"m"}`],
    ["a time that is a list", `{"@level":"info","@message":"m","@timestamp":[1]}`],
    ["a time that is none", `{"@level":"info","@message":"m","@timestamp":"yesterday"}`],
    ["brackets 30,000 deep", `{"@level":"info","@message":"m","a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`],
    ["objects 10,000 deep", `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`],
    ["keys of a prototype", `{"@level":"info","@message":"m","__proto__":{"polluted":1}}`],
    ["a constructor", `{"@level":"info","@message":"m","constructor":{"prototype":{"polluted":1}}}`],
    [
      "10,000 fields",
      `{"@level":"info","@message":"m",${Array.from({ length: 5_000 }, (_, i) => `"f${i}":0`).join()}}`,
    ],
    ["a field twice", `{"@level":"info","@message":"m","@message":null}`],
    ["the host's own fields", `{"@level":"info","@message":"m","plugin":"other","pid":1}`],
    ["control characters", "\u001b[2J\u001b]0;title\u0007\r\b\0"],
    ["no characters of any script", "\ud800\udfff\ufffe\uffff"],
  ];
  it(`what no logger writes is still read [log:hostile]`, async () => {
    await using sandbox = new Sandbox();
    const text = `${lines.map(([, line]) => line).join("\n")}\nlast words\n`;
    const file = sandbox.file("lines", text, 0o600);
    const { logger } = await logOf(sandbox, `fs.writeSync(2, fs.readFileSync(${JSON.stringify(file)}));`);
    // Each line is an event, whatever is in it.
    assert.equal(linesOf(logger).length, lines.length + 1);
    assert.equal(linesOf(logger).at(-1), "last words");
    for (const { fields } of logger.events) {
      assert.equal(fields["plugin"], "plugin");
      assert.notEqual(fields["pid"], 1);
      assert.doesNotThrow(() => JSON.stringify(fields));
    }
    assert.equal("polluted" in {}, false);
  });

  it("bytes that are no text is still read [log:hostile]", async () => {
    await using sandbox = new Sandbox();
    const { logger } = await logOf(
      sandbox,
      `fs.writeSync(2, Buffer.concat([
         Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a]), Buffer.alloc(300_000, 0x80), Buffer.from("\\nend\\n")]));`,
    );
    const read = linesOf(logger);
    assert.equal(read[0], "\ufffd\ufffd\0\ufffd(");
    assert.equal(read.at(-1), "end");
    assert.ok(read.every((line) => line.length <= 64 * 1024));
    assert.equal(read.slice(1, -1).join(""), "\ufffd".repeat(300_000));
  });

  it("lines of 64 KiB and more comes out in pieces, none of them parsed [log:hostile]", async () => {
    await using sandbox = new Sandbox();
    const { logger } = await logOf(
      sandbox,
      `const long = (bytes) => '{"@level":"error","@message":"' + "x".repeat(bytes - 32) + '"}\\n';
       for (const bytes of [65_535, 65_536, 65_537, 200_000]) fs.writeSync(2, long(bytes));`,
    );
    const errors = logger.events.filter(({ level }) => level === "error").length;
    const pieces = linesOf(logger).map((line) => line.length);
    assert.ok(errors >= 1 && errors <= 3, `${errors} parsed`);
    assert.ok(pieces.every((length) => length <= 64 * 1024));
  });

  it("without end is read, kept within bounds and counted [log:hostile]", async () => {
    await using sandbox = new Sandbox();
    const before = process.memoryUsage().rss;
    let turns = 0;
    const timer = setInterval(() => turns++, 10);
    // 96 MiB: as much as it takes for a host that keeps it all to be seen.
    const { logger, error } = await logOf(
      sandbox,
      `const lines = Buffer.from(("y".repeat(95) + "\\n").repeat(10_923));
       for (let mib = 0; mib < 96; mib++) for (let at = 0; at < lines.length;) {
         try { at += fs.writeSync(2, lines, at); } catch (error) { if (error.code !== "EAGAIN") throw error; }
       }
       fs.writeSync(2, "panic: the end\\n");`,
    );
    clearInterval(timer);
    const dropped = logger.events
      .filter(({ message }) => message === "plugin log lines dropped")
      .reduce((sum, { fields }) => sum + Number(fields["count"]), 0);
    const kept = linesOf(logger).filter((line) => line.startsWith("y")).length;
    assert.ok(dropped > 96 * 10_923 - 200_000, `${dropped} dropped`);
    assert.ok(kept + dropped >= 96 * 10_923 - 10, `${kept} kept, ${dropped} dropped`);
    assert.ok(turns > 3, `${turns} turns for others`);
    assert.ok(process.memoryUsage().rss - before < 200 * 1024 * 1024);
    assert.match(error.message, /panic: the end/);
  });
});

/** A plugin that announces one certificate and shows another, or the same. */
function tlsPlugin(announced: TestCertificate, shown: TestCertificate = announced): string {
  const base64 = announced.cert.replaceAll(/-----.*-----|\n|=/g, "");
  return listening({
    make: `((listener) => require("node:tls").createServer(${JSON.stringify(shown)}, listener))`,
    line: `\`1|1|unix|\${path}|grpc|${base64}\``,
  });
}

describe("a plugin whose certificate", { timeout: 60_000 }, () => {
  const own = issueCertificate("localhost");
  const old = createIdentity(Date.UTC(1980, 1));
  const wrong: readonly (readonly [what: string, body: string, text: RegExp])[] = [
    ["is for another name", tlsPlugin(issueCertificate("elsewhere")), /elsewhere/],
    ["has expired", tlsPlugin({ cert: old.certificatePem, key: old.privateKeyPem }), /CERT_HAS_EXPIRED/],
    ["is not yet valid", tlsPlugin(issueCertificate("localhost", { nowMs: Date.UTC(2049, 1) })), /CERT_NOT_YET_VALID/],
    [
      "was only signed by the one in its line",
      tlsPlugin(own, issueCertificate("localhost", { issuer: own })),
      /not the one in its handshake line|unable to verify|self-signed|signature/,
    ],
    ["is another one of the same name", tlsPlugin(own, issueCertificate("localhost")), /self-signed|signature/],
  ];
  for (const [what, body, text] of wrong) {
    it(`${what} is not trusted [mtls:host mtls:mismatch]`, async () => {
      await using sandbox = new Sandbox();
      const command = sandbox.script("plugin", body);
      const error: unknown = await launch(echoOptions(command, { tls: "auto" })).catch((failure: unknown) => failure);
      assert.ok(PluginError.is(error, "ERR_TLS_IDENTITY"), String(error));
      sandbox.watch(Number(error.details["pid"]));
      assert.match(error.message, /AutoMTLS handshake with the plugin at .* failed/);
      assert.match(error.message, text);
    });
  }
});

// Any number as channel, unlike the package's own codec.
const anyChannel: Codec<{ readonly channel: number; readonly data: Uint8Array }> = {
  encode: ({ channel, data }) => Buffer.concat([Buffer.from(writeVarintField(1, channel)), writeBytesField(2, data)]),
  decode: () => assert.fail("only sent"),
};
const nothing: Codec<void> = { encode: () => new Uint8Array(0), decode() {} };
const anyStdio = defineMethod("server-streaming", streamStdioMethod.path, nothing, anyChannel);

describe("a plugin that prints", { timeout: 60_000 }, () => {
  it("60 MiB at once, to channels that do not exist, and nothing at all is read to its end [stdio:flood]", async () => {
    const server = createGrpcServer({ maxSendBytes: 64 * 1024 * 1024 });
    const print = Buffer.alloc(60 * 1024 * 1024, "x");
    server.handleServerStream(anyStdio, async function* prints() {
      for (const channel of [0, 3, 2 ** 31, 7]) yield { channel, data: Buffer.from("nowhere") };
      yield { channel: 1, data: new Uint8Array(0) };
      yield { channel: 1, data: print };
      yield await Promise.resolve({ channel: 2, data: Buffer.from("end") });
    });
    const [hostEnd, pluginEnd] = createStreamPair();
    server.accept(pluginEnd);
    await using connection = connectGrpc(hostEnd);
    const logger = new LogCollector();
    let [bytes, largest, turns, end] = [0, 0, 0, ""];
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        bytes += chunk.length;
        largest = Math.max(largest, chunk.length);
        callback();
      },
    });
    const stderr = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        end += chunk.toString();
        callback();
      },
    });
    const timer = setInterval(() => turns++, 1);
    await receiveStdio(connection, { stdout, stderr }, logger, new AbortController().signal);
    clearInterval(timer);
    assert.equal(bytes, print.length);
    assert.ok(largest <= 64 * 1024, `${largest} bytes at once`);
    assert.ok(turns > 10, `${turns} turns for others`);
    assert.equal(end, "end");
    assert.deepEqual(
      logger.events.map(({ message }) => message),
      ["unknown stdio channel, dropped"],
    );
    server.destroy();
  });

  it("for ever to a sink that never takes anything is held up, and still answers [stdio:flood]", async () => {
    await using sandbox = new Sandbox();
    let taken = 0;
    const stuck = new Writable({
      write(chunk: Buffer) {
        taken += chunk.length;
      },
    });
    await using plugin = await launchEcho(sandbox, { stdio: { stdout: stuck }, stopGraceMs: 10_000 });
    const echo = plugin.dispense("echo");
    for (let flood = 0; flood < 20; flood++) await echo.echo("flood stdout");
    assert.equal(await echo.echo("alive"), "alive");
    assert.ok(taken + stuck.writableLength < 256 * 1024, `${taken} bytes taken, ${stuck.writableLength} waiting`);
    assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
  });
});

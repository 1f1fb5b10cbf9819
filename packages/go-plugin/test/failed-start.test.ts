import assert from "node:assert/strict";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import type { PluginErrorCode } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions } from "@fairlead/go-plugin/host";
import { listening, someCertificate, STAY, tlsPlugin } from "./support/bad-plugin.ts";
import { echoOptions, launchEcho } from "./support/launch-echo.ts";
import type { EchoKinds } from "./support/launch-echo.ts";
import { Sandbox } from "./support/sandbox.ts";

interface Misbehaviour {
  readonly what: string;
  /** The requirements it is about. */
  readonly ids: string;
  readonly body: string;
  readonly code: PluginErrorCode;
  readonly texts: readonly (string | RegExp)[];
  readonly options?: Partial<LaunchOptions<EchoKinds>>;
}

const soon = { startTimeoutMs: 1_500 } as const;

const misbehaviours: readonly Misbehaviour[] = [
  {
    what: "writes no line",
    ids: "handshake:timeout",
    body: `console.error("thinking"); ${STAY}`,
    code: "ERR_PLUGIN_START_TIMEOUT",
    texts: [
      "timeout while waiting for plugin to start: still waiting for the handshake line after 1500 ms",
      "still running, killed by the host",
      "On stderr:\n  thinking",
    ],
    options: soon,
  },
  {
    what: "writes half a line",
    ids: "handshake:timeout handshake:first-line",
    body: `process.stdout.write("1|1|unix"); ${STAY}`,
    code: "ERR_PLUGIN_START_TIMEOUT",
    texts: ["timeout while waiting for plugin to start", "First line on stdout: 1|1|unix"],
    options: soon,
  },
  {
    what: "writes half a line and ends",
    ids: "handshake:early-exit",
    body: `process.stdout.write("1|1|unix"); process.exitCode = 4;`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["did not start: it exited with status 4\n", "Unrecognized remote plugin message: 1|1|unix"],
  },
  {
    what: "writes something else and ends well",
    ids: "handshake:first-line",
    body: `console.log("usage: tool FILE");`,
    code: "ERR_HANDSHAKE_MALFORMED",
    texts: ["did not start: Unrecognized remote plugin message: usage: tool FILE; it exited with status 0\n"],
  },
  {
    what: "prints and then throws",
    ids: "handshake:early-exit",
    body: `console.log("hello"); throw new TypeError("no database");`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: [
      /did not start: it exited with status 1: TypeError: no database \(\/.*\/bad-plugin:2\)\n/,
      "First line on stdout: hello",
      "Unrecognized remote plugin message: hello",
    ],
  },
  {
    what: "does not parse",
    ids: "handshake:early-exit",
    body: "const x = ;",
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: [
      /^plugin bad-plugin did not start: it exited with status 1: SyntaxError: Unexpected token ';' \(\/.*\/bad-plugin:2\)\n/,
    ],
  },
  {
    what: "logs why in hclog's JSON",
    ids: "handshake:early-exit",
    body: `console.error(JSON.stringify({ "@level": "error", "@message": "cannot serve", error: "Error: no key\\n    at x" }));
      process.exit(2);`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["did not start: it exited with status 2: cannot serve: Error: no key\n"],
  },
  {
    what: "writes something else first",
    ids: "handshake:first-line",
    body: `console.log("Loading configuration"); console.log("1|1|unix|/x|grpc|"); ${STAY}`,
    code: "ERR_HANDSHAKE_MALFORMED",
    texts: ["Unrecognized remote plugin message: Loading configuration", "move prints to stderr"],
  },
  {
    what: "writes an empty line first",
    ids: "handshake:first-line",
    body: `console.log(""); ${STAY}`,
    code: "ERR_HANDSHAKE_MALFORMED",
    texts: ["Unrecognized remote plugin message: (an empty line)\n"],
  },
  {
    what: "writes a line over 64 KiB",
    ids: "handshake:first-line",
    body: `process.stdout.write("x".repeat(70_000)); ${STAY}`,
    code: "ERR_HANDSHAKE_MALFORMED",
    texts: ["Unrecognized remote plugin message: the first line on stdout is longer than 64 KiB; it starts with xxx"],
  },
  {
    what: "ends with a status",
    ids: "handshake:early-exit",
    body: `console.error("no licence"); console.error("giving up"); process.exit(3);`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: [
      "did not start: it exited with status 3: giving up\n",
      "plugin exited before we could connect, Unrecognized remote plugin message: Failed to read any lines from plugin's stdout\n",
      "On stderr:\n  no licence\n  giving up",
    ],
  },
  {
    what: "ends with status 0",
    ids: "handshake:early-exit",
    body: "",
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["it exited with status 0", "plugin exited before we could connect"],
  },
  {
    what: "is killed",
    ids: "handshake:early-exit",
    body: `process.kill(process.pid, "SIGSEGV"); ${STAY}`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["killed by SIGSEGV"],
  },
  {
    what: "closes stdout and lives on",
    ids: "handshake:early-exit",
    body: `require("node:fs").closeSync(1); ${STAY}`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["it closed its stdout", "still running, killed by the host"],
  },
  {
    what: "floods stderr and ends",
    ids: "handshake:early-exit",
    body: `const fs = require("node:fs");
      for (let i = 0; i < 300; i++) fs.writeSync(2, "y".repeat(10_000) + i + (i % 50 === 0 ? "\\n" : ""));
      fs.writeSync(2, "\\nlast words\\n"); process.exit(1);`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["it exited with status 1: last words\n", /On stderr:\n(  .*y.*\n|  … \(\d+ more\)\n)*  last words/],
  },
  {
    what: "leaves a child that holds its pipes",
    ids: "handshake:early-exit stop:pipes",
    body: `require("node:child_process").spawn("/bin/sleep", ["60"], { stdio: "inherit" }); process.exit(5);`,
    code: "ERR_PLUGIN_EXITED_EARLY",
    texts: ["exit status 5"],
  },
  {
    what: "has another core version",
    ids: "handshake:fields",
    body: `console.log("2|1|unix|/x|grpc|"); ${STAY}`,
    code: "ERR_CORE_VERSION",
    texts: ["incompatible core API version with plugin. Plugin version: 2, Core version: 1\n"],
  },
  {
    what: "has another application version",
    ids: "version:mismatch",
    body: `console.log("1|9|unix|/x|grpc|"); ${STAY}`,
    code: "ERR_APP_VERSION",
    texts: ["incompatible API version with plugin. Plugin version: 9, Client versions: [1]"],
  },
  {
    what: "speaks net/rpc",
    ids: "handshake:netrpc",
    body: `console.log("1|1|unix|/x"); ${STAY}`,
    code: "ERR_UNSUPPORTED_PROTOCOL",
    texts: ['unsupported plugin protocol "netrpc". Supported: [grpc]'],
  },
  {
    what: "listens on an unknown network",
    ids: "handshake:address",
    body: `console.log("1|1|vsock|/x|grpc|"); ${STAY}`,
    code: "ERR_HANDSHAKE_MALFORMED",
    texts: ["unknown address type: /x"],
  },
  {
    what: "announces a socket where nobody listens",
    ids: "handshake:unreachable",
    body: `console.log("1|1|unix|/no/such/socket|grpc|"); ${STAY}`,
    code: "ERR_CONNECT_FAILED",
    texts: ["cannot connect to the plugin at /no/such/socket", "ENOENT"],
  },
  {
    what: "announces a port where nobody listens",
    ids: "handshake:unreachable",
    body: `console.log("1|1|tcp|127.0.0.1:1|grpc|"); ${STAY}`,
    code: "ERR_CONNECT_FAILED",
    texts: ["cannot connect to the plugin at 127.0.0.1:1", "ECONNREFUSED"],
  },
  {
    what: "accepts the connection and says nothing",
    ids: "handshake:timeout hang:half-open",
    body: listening({}),
    code: "ERR_PLUGIN_START_TIMEOUT",
    texts: ["still waiting for an answer to the health check"],
    options: soon,
  },
  {
    what: "closes the connection",
    ids: "handshake:unhealthy",
    body: listening({ onConnection: "socket.destroy();" }),
    code: "ERR_PLUGIN_UNHEALTHY",
    texts: ["the plugin's health check failed: UNAVAILABLE"],
  },
  {
    what: "answers with another protocol",
    ids: "handshake:unhealthy",
    body: listening({ onConnection: 'socket.end("HTTP/1.1 400 Bad Request\\r\\n\\r\\n");' }),
    code: "ERR_PLUGIN_UNHEALTHY",
    texts: ["the plugin's health check failed: "],
  },
  {
    what: "ends when it is called",
    ids: "handshake:unhealthy",
    body: listening({ onConnection: 'socket.once("data", () => process.exit(9));' }),
    code: "ERR_PLUGIN_UNHEALTHY",
    texts: [/the plugin's health check failed: UNAVAILABLE.*; it exited with status 9\n/],
  },
  {
    what: "sends no certificate when AutoMTLS is asked for",
    ids: "mtls:mismatch",
    body: listening({}),
    code: "ERR_TLS_IDENTITY",
    texts: ["AutoMTLS mismatch: the host asked for AutoMTLS, but the plugin sent no certificate"],
    options: { tls: "auto" },
  },
  {
    what: "sends a certificate nobody asked for",
    ids: "mtls:mismatch",
    body: listening({ line: `\`1|1|unix|\${path}|grpc|${someCertificate}\`` }),
    code: "ERR_TLS_IDENTITY",
    texts: ["AutoMTLS mismatch: the plugin sent a certificate, but the host did not ask for AutoMTLS"],
  },
  {
    what: "sends a certificate that is none",
    ids: "mtls:host",
    body: listening({ line: `\`1|1|unix|\${path}|grpc|${"Q".repeat(200)}\`` }),
    code: "ERR_TLS_IDENTITY",
    texts: ["error parsing server cert: "],
    options: { tls: "auto" },
  },
  {
    what: "sends a certificate that is not base64",
    ids: "mtls:host",
    body: listening({ line: `\`1|1|unix|\${path}|grpc|${"Q".repeat(70)}-_\`` }),
    code: "ERR_TLS_IDENTITY",
    texts: ["error parsing server cert: illegal base64 data at input byte 70"],
    options: { tls: "auto" },
  },
  {
    what: "shows another certificate than it announced",
    ids: "mtls:mismatch mtls:host",
    body: tlsPlugin({ showsAnother: true }),
    code: "ERR_TLS_IDENTITY",
    texts: ["AutoMTLS handshake with the plugin at ", "Host and plugin must both use AutoMTLS"],
    options: { tls: "auto" },
  },
  {
    what: "announces a certificate and speaks plaintext",
    ids: "mtls:mismatch",
    body: listening({
      line: `\`1|1|unix|\${path}|grpc|${someCertificate}\``,
      onConnection: 'socket.write("plaintext, surely longer than a record header");',
    }),
    code: "ERR_TLS_IDENTITY",
    texts: ["AutoMTLS handshake with the plugin at "],
    options: { tls: "auto" },
  },
  {
    what: "never finishes the TLS handshake",
    ids: "handshake:timeout hang:half-open",
    body: listening({ line: `\`1|1|unix|\${path}|grpc|${someCertificate}\`` }),
    code: "ERR_PLUGIN_START_TIMEOUT",
    texts: ["still waiting for a connection after 1500 ms"],
    options: { ...soon, tls: "auto" },
  },
  {
    what: "finishes the TLS handshake and says nothing",
    ids: "handshake:timeout hang:half-open",
    body: tlsPlugin(),
    code: "ERR_PLUGIN_START_TIMEOUT",
    texts: ["still waiting for an answer to the health check"],
    options: { ...soon, tls: "auto" },
  },
];

describe("launch of a plugin that", { timeout: 120_000 }, () => {
  for (const { what, body, code, texts, options, ids } of misbehaviours) {
    it(`${what}: ${code} [${ids}]`, async () => {
      await using sandbox = new Sandbox();
      const command = sandbox.script("bad-plugin", body);
      await expectFailure(sandbox, { command, options, code, texts });
    });
  }

  it("finds an old Node: names it and what to do [serve:node-version handshake:early-exit]", async () => {
    await using sandbox = new Sandbox();
    const fixtures = join(import.meta.dirname, "fixtures");
    const pretend = `--import=${join(fixtures, "pretend-old-node.mjs")}`;
    const plugin = join(fixtures, "echo-plugin.ts");
    const options = echoOptions(process.execPath, { name: "old", args: [pretend, "--conditions=source", plugin] });
    const error = await failureOf(launch(options));
    sandbox.watch(Number(error.details["pid"]));
    const [headline] = error.message.split("\n", 1);
    const problem = `${plugin} needs Node 24 or newer, this is v20.20.2 (${process.execPath}); put a newer node first in PATH, or name it in the first line of the file`;
    assert.equal(headline, `plugin old did not start: it exited with status 1: ${problem}`);
    assert.deepEqual(error.details["stderr"], [problem]);
  });

  it("was made for another host: names the cookie [serve:cookie handshake:early-exit]", async () => {
    await using sandbox = new Sandbox();
    const error = await failureOf(launchEcho(sandbox, { handshake: { key: "OTHER_HOST", value: "x" } }));
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(error.code, "ERR_PLUGIN_EXITED_EARLY");
    assert.match(error.message, /exit status 1/);
    assert.match(error.message, /This binary is a plugin\. These are not meant to be executed directly\./);
    assert.match(error.message, /Note: the plugin does not accept the magic cookie OTHER_HOST: .*the host's handshake/);
  });
});

describe("launch of a file that", { timeout: 60_000 }, () => {
  const node = process.execPath;
  const files: readonly (readonly [
    what: string,
    content: string | Uint8Array,
    mode: number,
    code: PluginErrorCode,
    text: string,
  ])[] = [
    ["is not executable", `#!${node}\n`, 0o644, "ERR_PLUGIN_SPAWN_FAILED", "is not executable (mode 644)"],
    [
      "has no such interpreter",
      "#!/no/such/node\n",
      0o755,
      "ERR_PLUGIN_SPAWN_FAILED",
      "interpreter /no/such/node does not exist",
    ],
    ["has CRLF line ends", `#!${node}\r\n`, 0o755, "ERR_PLUGIN_SPAWN_FAILED", "ends in CRLF"],
    ["is empty", "", 0o755, "ERR_PLUGIN_EXITED_EARLY", "The file is empty."],
    ["is no program", "\u0001\u0002\n", 0o755, "ERR_PLUGIN_EXITED_EARLY", "neither a program nor a script"],
    ["was built for another machine", foreignElf(), 0o755, "ERR_PLUGIN_EXITED_EARLY", "ELF architecture: "],
  ];
  for (const [what, content, mode, code, text] of files) {
    it(`${what}: ${code} [launch:command]`, async () => {
      await using sandbox = new Sandbox();
      await expectFailure(sandbox, { command: sandbox.file("plugin", content, mode), code, texts: [text] });
    });
  }

  it("does not exist: ERR_PLUGIN_SPAWN_FAILED [launch:command]", async () => {
    await using sandbox = new Sandbox();
    const command = join(sandbox.scripts, "absent");
    await expectFailure(sandbox, {
      command,
      code: "ERR_PLUGIN_SPAWN_FAILED",
      texts: ["absent does not exist", "never ran"],
    });
  });

  it("is in no folder of PATH: ERR_PLUGIN_SPAWN_FAILED [launch:command]", async () => {
    await using sandbox = new Sandbox();
    // Not even when the plugin's own PATH has it: its checksum would be another file's.
    sandbox.script("no-such-plugin", STAY);
    await expectFailure(sandbox, {
      command: "no-such-plugin",
      options: { env: { PATH: sandbox.scripts } },
      code: "ERR_PLUGIN_SPAWN_FAILED",
      texts: ['plugin no-such-plugin did not start: exec: "no-such-plugin": executable file not found in $PATH'],
    });
  });

  it("is a folder: ERR_PLUGIN_SPAWN_FAILED [launch:command]", async () => {
    await using sandbox = new Sandbox();
    const command = join(sandbox.scripts, "folder");
    await mkdir(command);
    await chmod(command, 0o755);
    await expectFailure(sandbox, { command, code: "ERR_PLUGIN_SPAWN_FAILED", texts: ["folder is not a file"] });
  });

  it("cannot enter its working folder: ERR_PLUGIN_SPAWN_FAILED [launch:command]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", STAY);
    await expectFailure(sandbox, {
      command,
      options: { cwd: "/no/such/folder" },
      code: "ERR_PLUGIN_SPAWN_FAILED",
      texts: ["The working folder /no/such/folder does not exist"],
    });
  });

  it("the system refuses at once: ERR_PLUGIN_SPAWN_FAILED [launch:command]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", STAY);
    // Node throws these instead of emitting them.
    for (const options of [{ args: ["x".repeat(5_000_000)] }, { cwd: command }, { env: { NUL: "a\0b" } }]) {
      await expectFailure(sandbox, {
        command,
        options,
        code: "ERR_PLUGIN_SPAWN_FAILED",
        texts: ["cannot run ", "never ran"],
      });
    }
  });
});

describe("launch that is aborted", { timeout: 60_000 }, () => {
  it("before it begins starts nothing [launch:abort]", async () => {
    await using sandbox = new Sandbox();
    const command = sandbox.script("plugin", `require("node:fs").writeFileSync(process.env.MARK, "ran"); ${STAY}`);
    const reason = new TypeError("no longer wanted");
    const options = echoOptions(command, {
      signal: AbortSignal.abort(reason),
      env: { MARK: join(sandbox.temporary, "ran") },
    });
    const error = await failureOf(launch(options));
    assert.equal(error.code, "ERR_START_ABORTED");
    assert.equal(error.cause, reason);
  });

  it("while it waits kills the plugin [launch:abort]", async () => {
    await using sandbox = new Sandbox();
    const controller = new AbortController();
    const command = sandbox.script("plugin", STAY);
    const starting = failureOf(launch(echoOptions(command, { signal: controller.signal })));
    controller.abort(new TypeError("no longer wanted"));
    const error = await starting;
    sandbox.watch(Number(error.details["pid"]));
    assert.equal(error.code, "ERR_START_ABORTED");
    assert.ok(error.cause instanceof TypeError);
  });
});

async function expectFailure(
  sandbox: Sandbox,
  expected: {
    readonly command: string;
    readonly options?: Partial<LaunchOptions<EchoKinds>> | undefined;
    readonly code: PluginErrorCode;
    readonly texts: readonly (string | RegExp)[];
  },
): Promise<void> {
  const error = await failureOf(launch(echoOptions(expected.command, expected.options)));
  sandbox.watch(Number(error.details["pid"]));
  assert.equal(error.code, expected.code, error.message);
  for (const text of expected.texts) {
    assert.ok(typeof text === "string" ? error.message.includes(text) : text.test(error.message), error.message);
  }
  assert.ok(!error.message.includes("5a81b3"), "the cookie's value stays out of errors");
  assert.ok(error.message.length < 8_000);
  assert.ok(!/This usually means|^\s+at /m.test(error.message), "no fragments of a paragraph, no stack frames");
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

function foreignElf(): Uint8Array {
  const header = Buffer.alloc(4_096);
  header.write("7f454c460201010000000000000000000200", "hex");
  header.writeUInt16LE(process.arch === "arm64" ? 62 : 183, 18);
  return header;
}

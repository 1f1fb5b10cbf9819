import { Writable } from "node:stream";
import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import { pluginPath } from "../bundle-plugin.ts";
import { KV_HANDSHAKE, kvKind } from "../fixtures/kv-kind.ts";
import type { KvHost, KvHostOptions, LogLine } from "./kv-host.ts";

/** Launches a kv plugin with `@fairlead/go-plugin/host`. */
export async function openOurHost(options: KvHostOptions): Promise<KvHost> {
  const { command, versions = [1], temporaryFolder, ...others } = options;
  const [stdout, stderr] = [new Sink(), new Sink()];
  const logger = new RecordingLogger();
  const plugin = await launch({
    command: command[0],
    args: command.slice(1),
    env: { PATH: pluginPath, TMPDIR: temporaryFolder },
    handshake: KV_HANDSHAKE,
    versions: Object.fromEntries(versions.map((version) => [version, { kv: kvKind }])),
    stdio: { stdout, stderr },
    logger,
    ...others,
  });
  return {
    kv: plugin.dispense("kv"),
    pid: plugin.pid,
    version: plugin.protocolVersion,
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    log: () => logger.lines,
    ping: async () => await plugin.ping(),
    stop: async () => (await plugin.stop()).code,
    [Symbol.asyncDispose]: async () => await plugin[Symbol.asyncDispose](),
  };
}

class Sink extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString("utf8");
    callback();
  }
}

class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];
  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }
  child(): Logger {
    return this;
  }
}

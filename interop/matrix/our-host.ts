import { Writable } from "node:stream";
import type { LogFields, Logger, LogLevel } from "@fairlead/go-plugin";
import { formatReattachInfo, launch, parseReattachInfo, reattach, type PluginProcess } from "@fairlead/go-plugin/host";
import { pluginPath } from "../bundle-plugin.ts";
import { KV_HANDSHAKE, kvKind } from "../fixtures/kv-kind.ts";
import { readTlsFolder } from "../fixtures/tls-folder.ts";
import type { AttachKvOptions, KvHost, KvHostProgram, LogLine } from "./kv-host.ts";

/** Runs kv plugins with `@fairlead/go-plugin/host`, in this process. */
export const ourHost: KvHostProgram = {
  async launch({ command: [command, ...args], temporaryFolder }, { versions, tls, ...options }) {
    const seen = new Seen();
    const plugin = await launch({
      command,
      args,
      env: { PATH: pluginPath, TMPDIR: temporaryFolder },
      handshake: KV_HANDSHAKE,
      versions: kindsOf(versions),
      stdio: { stdout: seen.stdout, stderr: seen.stderr },
      logger: seen,
      ...(tls !== undefined && { tls: typeof tls === "object" ? await readTlsFolder(tls.folder) : tls }),
      ...options,
    });
    return watchPlugin(plugin, seen);
  },

  async attach(info, { versions, tls }) {
    const seen = new Seen();
    const plugin = await reattach(parseReattachInfo(info), {
      versions: kindsOf(versions),
      stdio: { stdout: seen.stdout, stderr: seen.stderr },
      logger: seen,
      ...(typeof tls === "object" && { tls: await readTlsFolder(tls.folder) }),
    });
    return watchPlugin(plugin, seen);
  },
};

type KvKinds = Readonly<Record<"kv", typeof kvKind>>;

function kindsOf(versions: AttachKvOptions["versions"] = [1]): Readonly<Record<number, KvKinds>> {
  return Object.fromEntries(versions.map((version) => [version, { kv: kvKind }]));
}

function watchPlugin(plugin: PluginProcess<KvKinds>, seen: Seen): KvHost {
  return {
    kv: plugin.dispense("kv"),
    pid: plugin.pid,
    version: plugin.protocolVersion,
    reattach: formatReattachInfo(plugin.reattachInfo),
    stdout: () => seen.stdout.text,
    stderr: () => seen.stderr.text,
    log: () => seen.lines,
    ping: async () => await plugin.ping(),
    stop: async () => (await plugin.stop()).code,
    [Symbol.asyncDispose]: async () => await plugin[Symbol.asyncDispose](),
  };
}

/** What a host sees of its plugin besides answers. */
class Seen implements Logger {
  readonly stdout = new Sink();
  readonly stderr = new Sink();
  readonly lines: LogLine[] = [];

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.lines.push({ level, message, fields });
  }

  child(): Logger {
    return this;
  }
}

class Sink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.text += chunk.toString("utf8");
    callback();
  }
}

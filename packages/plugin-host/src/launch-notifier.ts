import { basename } from "node:path";
import type { Logger } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, NOTIFIER_PROTOCOL_VERSION, notifierKind } from "@fairlead/plugin-sdk/client";
import type { NotifierClient } from "@fairlead/plugin-sdk/client";
import type { Env } from "./config/env.ts";
import type { PluginConfig } from "./config/plugin-config.ts";
import { buildProcessEnvironment } from "./config/process-environment.ts";
import { createOutputLog } from "./output-log.ts";
import type { StartProcess } from "./supervisor/supervised-process.ts";

type NotifierKinds = { readonly notifier: typeof notifierKind };

export interface LaunchNotifierOptions {
  /** The host's environment, of which the plugin gets what its configuration names. */
  readonly env: Env;
  /** Gets the plugin's name from `launch`. */
  readonly logger: Logger;
  readonly startTimeoutMs: number;
  /** Default: the log, one line each. */
  readonly stdio?: NonNullable<LaunchOptions<NotifierKinds>["stdio"]>;
}

/** How a notifier entry of the configuration is started, and started again. */
export function createNotifierStart(
  config: PluginConfig,
  { env, logger, startTimeoutMs, stdio }: LaunchNotifierOptions,
): StartProcess<NotifierClient> {
  const options: LaunchOptions<NotifierKinds> = {
    command: config.cmd,
    args: config.args,
    env: buildProcessEnvironment(config, env),
    handshake: NOTIFIER_HANDSHAKE,
    versions: { [NOTIFIER_PROTOCOL_VERSION]: { notifier: notifierKind } },
    tls: config.autoMtls ? "auto" : "none",
    logger,
    startTimeoutMs,
    ...(config.sha256sum !== undefined && { checksum: { algorithm: "sha256", hex: config.sha256sum } }),
  };
  const outputLogger = logger.child({ plugin: basename(config.cmd) });
  return async (signal) => {
    const starting = new AbortController();
    const abort = (): void => starting.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const output = createOutputLog(outputLogger);
    try {
      // launch() kills a plugin whose signal is aborted later; ending a running plugin is up to its supervisor.
      const plugin = await launch({ ...options, stdio: stdio ?? output, signal: starting.signal });
      void plugin.exited.then(() => output.flush());
      return {
        pid: plugin.pid,
        client: plugin.dispense("notifier"),
        startMs: plugin.startMs,
        exited: plugin.exited,
        ping: (ping) => plugin.ping(ping),
        stop: () => plugin.stop(),
        kill: () => plugin.kill(),
      };
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
}

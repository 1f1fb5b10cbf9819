import { basename } from "node:path";
import type { Logger } from "@fairlead/go-plugin";
import { launch } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess } from "@fairlead/go-plugin/host";
import { GATE_SERVICE } from "@fairlead/plugin-sdk/client";
import type { GateClient, PluginInfo } from "@fairlead/plugin-sdk/client";
import type { Env } from "../config/env.ts";
import type { PluginConfig, PluginType } from "../config/plugin-config.ts";
import { buildProcessEnvironment } from "../config/process-environment.ts";
import { createOutputLog } from "../output-log.ts";
import { openSandbox, withoutRuntimeVariables } from "../sandbox/open-sandbox.ts";
import type { Sandbox } from "../sandbox/open-sandbox.ts";
import type { StartProcess } from "../supervisor/supervised-process.ts";
import { nameKeys } from "./name-keys.ts";
import { COOKIES, PROTOCOL_VERSION, createKinds } from "./plugin-kinds.ts";
import type { ClientByType, Kinds } from "./plugin-kinds.ts";
import { RunningCalls } from "./running-calls.ts";
import type { CallObserver } from "./running-calls.ts";

/** How long a plugin may take to say what it is. It answers health checks by then. */
const DESCRIBE_TIMEOUT_MS = 5_000;

/** What a running process is called with. */
export interface PluginClients {
  readonly calls: RunningCalls;
  /** What it says of itself; `undefined`: nothing, as every Go plugin. */
  readonly info: PluginInfo | undefined;
  /** The types that it was started for and serves. Empty when it was started for several and does not say. */
  readonly serves: ReadonlySet<PluginType>;
  readonly byType: ClientByType;
  /** `undefined` when it has no gate. */
  readonly gate: GateClient | undefined;
}

export interface LaunchPluginOptions {
  /** The types it is started for, and an entry that says how; asked at each start. */
  readonly plan: () => { readonly config: PluginConfig; readonly types: readonly PluginType[] };
  /** The host's environment, of which the plugin gets what its configuration names. */
  readonly env: Env;
  /** Gets the plugin's name from `launch`. */
  readonly logger: Logger;
  /** Default: the log, one line each. */
  readonly stdio?: NonNullable<LaunchOptions<Kinds>["stdio"]> | undefined;
  readonly onNotifierCall: CallObserver;
}

/** How a process that serves entries of the configuration is started, and started again. */
export function createPluginStart(options: LaunchPluginOptions): StartProcess<PluginClients> {
  return async (signal) => {
    const { config, types } = options.plan();
    const calls = new RunningCalls();
    const output = createOutputLog(options.logger.child({ plugin: basename(config.cmd) }));
    // launch() kills a plugin whose signal is aborted later; ending a running plugin is up to its supervisor.
    const starting = new AbortController();
    const abort = (): void => starting.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    const env = buildEnvironment(config, types, options.env);
    using cleanUp = new DisposableStack();
    try {
      const { sandbox: limits } = config.fairlead;
      const sandbox = limits && cleanUp.use(await openSandbox(config, limits, starting.signal));
      const process = await launch({
        ...buildLaunchOptions(config, types, options),
        ...(sandbox === undefined ? directCommand(config) : sandboxedCommand(config, sandbox)),
        env,
        versions: { [PROTOCOL_VERSION]: createKinds(calls, options.onNotifierCall) },
        stdio: options.stdio ?? output,
        signal: starting.signal,
      });
      cleanUp.defer(() => output.flush());
      const atEnd = cleanUp.move();
      void process.exited.then(() => cleanUpAfter(atEnd, options.logger));
      return {
        pid: process.pid,
        client: await describe(process, types, calls, starting.signal),
        startMs: process.startMs,
        exited: process.exited,
        ping: (ping) => process.ping(ping),
        stop: () => process.stop(),
        kill: () => process.kill(),
      };
    } catch (error) {
      throw nameKeys(error, config, env);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  };
}

/** A plugin may have left in its folder what cannot be removed: that must not end the host. */
function cleanUpAfter(atEnd: Disposable, logger: Logger): void {
  try {
    atEnd[Symbol.dispose]();
  } catch (error) {
    logger.log("warn", "what a plugin left cannot be removed", { error });
  }
}

function buildLaunchOptions(
  config: PluginConfig,
  [type = config.type]: readonly PluginType[],
  { logger }: LaunchPluginOptions,
): Pick<LaunchOptions<Kinds>, "handshake" | "tls" | "logger" | "startTimeoutMs"> {
  const { autoMtls, fairlead } = config;
  return { handshake: COOKIES[type], tls: autoMtls ? "auto" : "none", logger, startTimeoutMs: fairlead.startTimeoutMs };
}

type Command = Pick<LaunchOptions<Kinds>, "command" | "args" | "checksum" | "name" | "sockets">;

function directCommand({ cmd, args, sha256sum }: PluginConfig): Command {
  const checksum = sha256sum !== undefined && ({ algorithm: "sha256", hex: sha256sum } as const);
  return { command: cmd, args, ...(checksum && { checksum }) };
}

function sandboxedCommand({ cmd }: PluginConfig, { command, args, socketFolder }: Sandbox): Command {
  return { command, args, name: basename(cmd), sockets: { folder: socketFolder } };
}

/** launch() adds the cookie of the first type. */
function buildEnvironment(
  config: PluginConfig,
  [, ...others]: readonly PluginType[],
  hostEnv: Env,
): Record<string, string> {
  const named = withoutCookies(buildProcessEnvironment(config, hostEnv));
  const allowed = config.fairlead.sandbox === undefined ? named : withoutRuntimeVariables(named);
  return { ...allowed, ...cookiesOf(others) };
}

/** A host that is itself started as a plugin must not have its own plugins serve what they are not asked for. */
function withoutCookies(env: Readonly<Record<string, string>>): Record<string, string> {
  const names = new Set(Object.values(COOKIES).map(({ key }) => key));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

function cookiesOf(types: readonly PluginType[]): Record<string, string> {
  return Object.fromEntries(types.map((type) => [COOKIES[type].key, COOKIES[type].value]));
}

/** Asks a started process what it is; one that does not get through this is ended. */
async function describe(
  process: PluginProcess<Kinds>,
  types: readonly PluginType[],
  calls: RunningCalls,
  signal: AbortSignal,
): Promise<PluginClients> {
  try {
    const info = await process.dispense("plugin-info").describe({ timeoutMs: DESCRIBE_TIMEOUT_MS, signal });
    return {
      calls,
      info,
      serves: servedOf(types, info),
      byType: {
        notifier: process.dispense("notifier"),
        auth: process.dispense("auth"),
        kms: process.dispense("kms"),
        ipfilter: process.dispense("ipfilter"),
        eventsearcher: process.dispense("eventsearcher"),
      },
      gate: info?.services.includes(GATE_SERVICE) === true ? process.dispense("gate") : undefined,
    };
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** With one cookie in its environment, a plugin that started serves what the cookie stands for. */
function servedOf(types: readonly PluginType[], info: PluginInfo | undefined): ReadonlySet<PluginType> {
  if (types.length === 1) return new Set(types);
  return new Set(types.filter((type) => info?.kinds.includes(type)));
}

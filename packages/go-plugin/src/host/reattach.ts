import type { ClientConnection } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import { formatAddress } from "../protocol/handshake-line.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import { dialGrpc } from "../transport/dial.ts";
import { AttachedPlugin } from "./attached-plugin.ts";
import type { AnyAttachedRunner } from "./attached-plugin.ts";
import { attachProcess } from "./attached-process.ts";
import { explainHangUp } from "./health.ts";
import type { KindMap, PluginProcess } from "./launch-options.ts";
import { runManaged } from "./managed-plugins.ts";
import { openPlugin } from "./open-plugin.ts";
import { planReattach } from "./reattach-plan.ts";
import type { ReattachOptions, ReattachPlan } from "./reattach-plan.ts";
import { readAttachedRunner } from "./runner-process.ts";
import type { RunningPlugin } from "./running-plugin.ts";
import { StartDeadline } from "./start-deadline.ts";

/**
 * Attaches to a plugin that another host started, or a debugger (go-plugin's `ClientConfig.Reattach`). Resolves when it
 * was connected and answered a health check; rejects with PluginError, `ERR_REATTACH_NOT_FOUND` when nobody is there, and
 * then leaves the plugin as it is. No cookie is asked for, and what the plugin logs is not heard: its stderr belongs to
 * whoever started it. What it prints is shared with other hosts, each piece reaching one of them.
 *
 * `stop()` ends the plugin as a launched one; one in test mode (`info.test`) it only lets go of. Where several hosts use
 * one plugin: a plugin of go-plugin brokers connections for the first of them only.
 */
export async function reattach<const K extends KindMap>(
  info: ReattachInfo,
  options: ReattachOptions<K>,
): Promise<PluginProcess<K>> {
  const plan = planReattach(info, options);
  const plugin = await runManaged(plan, (signal) => attach(plan, signal));
  return plugin as unknown as PluginProcess<K>;
}

async function attach(plan: ReattachPlan, signal: AbortSignal): Promise<RunningPlugin<KindMap>> {
  const deadline = new StartDeadline(plan.startTimeoutMs, signal);
  const startedAtMs = performance.now();
  let life: AttachedPlugin | undefined;
  try {
    deadline.signal.throwIfAborted();
    const runner = findPlugin(plan);
    const { info } = plan;
    const logger = plan.logger.child(runner.pid === undefined ? { id: runner.id } : { pid: runner.pid });
    life = new AttachedPlugin(runner, { address: info.address, isTest: info.test === true, startedAtMs, logger });
    const connection = await connect(plan, deadline);
    const plugin = await openPlugin(plan, { life, connection, tls: plan.tls, info, logger }, deadline);
    logger.log("debug", "reattached to plugin", { version: info.protocolVersion, test: info.test === true });
    return plugin;
  } catch (error) {
    life?.letGo();
    throw describeFailure(error, plan);
  } finally {
    deadline.clear();
  }
}

function findPlugin({ info, runner }: ReattachPlan): AnyAttachedRunner {
  if (runner !== undefined) return readAttachedRunner(runner);
  const found = attachProcess(info.pid);
  if (found === undefined) throw notFound("there is no such process");
  return found;
}

// go-plugin dials once to see that somebody is there, and then again; one connection shows it as well.
async function connect(
  { info: { address }, tls, grpc }: ReattachPlan,
  deadline: StartDeadline,
): Promise<ClientConnection> {
  deadline.stage = "a connection";
  try {
    return await dialGrpc(address, { tls, peer: "plugin", grpc: grpc.client, signal: deadline.signal });
  } catch (error) {
    if (PluginError.is(error, "ERR_CONNECT_FAILED")) throw notFound(error.summary, error);
    throw error;
  }
}

function notFound(reason: string, cause?: unknown): PluginError {
  return new PluginError("ERR_REATTACH_NOT_FOUND", `reattachment process not found: ${reason}`, { cause });
}

function describeFailure(error: unknown, { name, info }: ReattachPlan): unknown {
  if (!PluginError.is(error)) return error;
  const address = formatAddress(info.address);
  return new PluginError(
    error.code,
    [`cannot reattach to plugin ${name} (${address}): ${error.summary}`, ...explainHangUp(error)].join("\n"),
    {
      details: { ...error.details, plugin: name, pid: info.pid, address },
      cause: error.cause ?? error,
    },
  );
}

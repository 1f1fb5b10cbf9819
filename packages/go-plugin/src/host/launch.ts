import { setTimeout as delay } from "node:timers/promises";
import { createIdentity } from "../tls/certificate.ts";
import type { Identity } from "../tls/certificate.ts";
import { connectPlugin } from "./connect-plugin.ts";
import type { ExitStatus, KindMap, LaunchOptions, PluginProcess } from "./launch-options.ts";
import { planLaunch } from "./launch-plan.ts";
import type { LaunchPlan } from "./launch-plan.ts";
import { runManaged } from "./managed-plugins.ts";
import { openPlugin } from "./open-plugin.ts";
import type { PluginChild } from "./plugin-child.ts";
import { agreeOnTls, readHandshake } from "./read-handshake.ts";
import type { RunningPlugin } from "./running-plugin.ts";
import { startChild } from "./start-child.ts";
import type { StartedChild } from "./start-child.ts";
import { StartDeadline } from "./start-deadline.ts";

const EXIT_PATIENCE_MS = 300;

/**
 * Starts a plugin (go-plugin's `NewClient`, `Start`, `Client`). Resolves when its handshake, TLS and first health check
 * passed; rejects with PluginError, and then no process, socket or file of it is left. Never tries again by itself.
 */
export async function launch<const K extends KindMap>(options: LaunchOptions<K>): Promise<PluginProcess<K>> {
  const plan = planLaunch(options);
  const plugin = await runManaged(plan, (signal) => startPlugin(plan, signal));
  return plugin as unknown as PluginProcess<K>;
}

async function startPlugin(plan: LaunchPlan, signal: AbortSignal): Promise<RunningPlugin<KindMap>> {
  const deadline = new StartDeadline(plan.startTimeoutMs, signal);
  try {
    const identity = plan.tls === "auto" ? createIdentity() : undefined;
    const started = await startChild(plan, identity, deadline);
    return await finishStart(plan, started, identity, deadline);
  } finally {
    deadline.clear();
  }
}

/** From a started process to a plugin that answers; a plugin that does not get there is killed. */
async function finishStart(
  plan: LaunchPlan,
  { child, describeFailure }: StartedChild,
  identity: Identity | undefined,
  deadline: StartDeadline,
): Promise<RunningPlugin<KindMap>> {
  const { multiplex } = plan;
  try {
    deadline.stage = "the handshake line";
    const handshake = await deadline.limit(readHandshake(child, [...plan.kinds.keys()], { multiplex }));
    const address = child.translateToHost(handshake.address);
    child.noteSocket(address);
    const tls = agreeOnTls(handshake, typeof plan.tls === "string" ? identity : plan.tls);
    deadline.stage = "a connection";
    const { socketFolder, logger } = child;
    const opened = await connectPlugin(address, {
      tls,
      multiplex,
      grpc: plan.grpc.client,
      logger,
      signal: deadline.signal,
    });
    const info = { protocolVersion: handshake.appVersion, address, pid: child.pid };
    const { group: socketGroup } = plan.sockets;
    const connected = { life: child, ...opened, tls, socketFolder, socketGroup, info, logger };
    const plugin = await openPlugin(plan, connected, deadline);
    const durationMs = Math.round(plugin.startMs);
    logger.log("debug", "plugin started", { version: info.protocolVersion, durationMs });
    return plugin;
  } catch (error) {
    const exit = await settledExit(child, deadline);
    await child.kill();
    throw await describeFailure(error, exit);
  }
}

// A plugin that ends is first seen as a lost connection: its exit status is worth a moment, unless it is known to live.
async function settledExit(child: PluginChild, deadline: StartDeadline): Promise<ExitStatus | undefined> {
  if (deadline.signal.aborted) return child.exitStatus;
  return await Promise.race([child.exited, delay(EXIT_PATIENCE_MS, undefined, { ref: false })]);
}

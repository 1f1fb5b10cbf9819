import type { Handshake } from "../protocol/handshake-line.ts";
import { setTimeout as delay } from "node:timers/promises";
import type { ClientConnection } from "@fairlead/grpc";
import { createIdentity } from "../tls/certificate.ts";
import type { Identity } from "../tls/certificate.ts";
import { dialGrpc } from "../transport/dial.ts";
import { checkAlive } from "./health.ts";
import type { ExitStatus, KindMap, LaunchOptions, PluginProcess } from "./launch-options.ts";
import { planLaunch } from "./launch-plan.ts";
import type { LaunchPlan } from "./launch-plan.ts";
import { MortalConnection } from "../transport/mortal-connection.ts";
import type { PluginChild } from "./plugin-child.ts";
import { agreeOnTls, readHandshake } from "./read-handshake.ts";
import { RunningPlugin } from "./running-plugin.ts";
import { startChild } from "./start-child.ts";
import type { StartedChild } from "./start-child.ts";
import { StartDeadline } from "./start-deadline.ts";
import { receiveStdio } from "./stdio-sink.ts";

const EXIT_PATIENCE_MS = 300;

/**
 * Starts a plugin (go-plugin's `NewClient`, `Start`, `Client`). Resolves when its handshake, TLS and first health check
 * passed; rejects with PluginError, and then no process, socket or file of it is left. Never tries again by itself.
 */
export async function launch<const K extends KindMap>(options: LaunchOptions<K>): Promise<PluginProcess<K>> {
  const plan = planLaunch(options);
  const deadline = new StartDeadline(plan.startTimeoutMs, plan.signal);
  try {
    const identity = plan.tls === "auto" ? createIdentity() : undefined;
    const started = await startChild(plan, identity, deadline);
    return (await finishStart(plan, started, identity, deadline)) as unknown as PluginProcess<K>;
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
  try {
    deadline.stage = "the handshake line";
    const handshake = await deadline.limit(readHandshake(child, [...plan.kinds.keys()]));
    const address = child.translateToHost(handshake.address);
    child.noteSocket(address);
    const tls = agreeOnTls(handshake, identity);
    deadline.stage = "a connection";
    const connection = await dialGrpc(address, { tls, peer: "plugin", signal: deadline.signal });
    return await openPlugin(plan, child, { handshake, connection }, deadline);
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

/** From a connection to a plugin that proved to answer. */
async function openPlugin(
  plan: LaunchPlan,
  child: PluginChild,
  opened: { readonly handshake: Handshake; readonly connection: ClientConnection },
  deadline: StartDeadline,
): Promise<RunningPlugin<KindMap>> {
  const { handshake, connection } = opened;
  const { logger } = child;
  const gone = new AbortController();
  try {
    // At once, as Go does: a plugin may print before it answers anything, and blocks until somebody reads.
    void receiveStdio(connection, plan.stdio, logger, gone.signal);
    deadline.stage = "an answer to the health check";
    await deadline.limit(checkAlive(connection, { signal: deadline.signal }));
  } catch (error) {
    gone.abort(error);
    connection.destroy();
    throw error;
  }
  const plugin = new RunningPlugin({
    name: plan.name,
    child,
    connection: new MortalConnection(connection, gone.signal),
    protocolVersion: handshake.appVersion,
    kinds: plan.kinds.get(handshake.appVersion) ?? {},
    stopGraceMs: plan.stopGraceMs,
    signal: plan.signal,
    logger,
    gone,
  });
  logger.log("debug", "plugin started", { version: plugin.protocolVersion, durationMs: Math.round(plugin.startMs) });
  return plugin;
}

import type { Logger } from "../logger.ts";
import type { ReattachInfo } from "../protocol/reattach-info.ts";
import { MortalConnection } from "../transport/mortal-connection.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import type { PluginConnection } from "./connect-plugin.ts";
import { openHostBroker } from "./host-broker.ts";
import { checkAlive } from "./health.ts";
import type { KindMap } from "./launch-options.ts";
import type { LaunchPlan } from "./launch-plan.ts";
import type { PluginLife } from "./plugin-end.ts";
import { RunningPlugin } from "./running-plugin.ts";
import type { StartDeadline } from "./start-deadline.ts";
import { receiveStdio } from "./stdio-sink.ts";

/** What launch() and reattach() have in common. */
export type OpenPlan = Pick<LaunchPlan, "name" | "kinds" | "stopGraceMs" | "signal" | "stdio" | "onExit" | "grpc">;

/** A plugin that the host is connected to. */
export interface ConnectedPlugin extends PluginConnection {
  readonly life: PluginLife;
  /** The connection's, and that of brokered ones. */
  readonly tls?: PeerTls | undefined;
  /** Where the host listens for brokered connections. Default: a folder for each. */
  readonly socketFolder?: string | undefined;
  /** Who may connect to the host's sockets. Default: the own account. */
  readonly socketGroup?: string | undefined;
  readonly info: ReattachInfo;
  /** Says which plugin and which process it is. */
  readonly logger: Logger;
}

/** From a connection to a plugin that proved to answer. */
export async function openPlugin(
  plan: OpenPlan,
  connected: ConnectedPlugin,
  deadline: StartDeadline,
): Promise<RunningPlugin<KindMap>> {
  const { life, connection, info, logger } = connected;
  const gone = new AbortController();
  // Both at once, as Go does: a plugin may print before it answers anything, and blocks until somebody reads.
  void receiveStdio(connection, plan.stdio, logger, gone.signal);
  const broker = openHostBroker(connected, plan.grpc, gone.signal);
  try {
    deadline.stage = "an answer to the health check";
    await deadline.limit(checkAlive(connection, { signal: deadline.signal }));
  } catch (error) {
    gone.abort(error);
    connection.destroy();
    throw error;
  }
  return new RunningPlugin({
    name: plan.name,
    child: life,
    connection: new MortalConnection(connection, gone.signal),
    interceptors: plan.grpc.clientInterceptors,
    broker,
    info,
    kinds: plan.kinds.get(info.protocolVersion) ?? {},
    stopGraceMs: plan.stopGraceMs,
    signal: plan.signal,
    onExit: plan.onExit,
    logger,
    gone,
  });
}

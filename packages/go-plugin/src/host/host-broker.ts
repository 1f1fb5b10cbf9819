import { tmpdir } from "node:os";
import type { ClientConnection } from "@fairlead/grpc";
import type { OwnedBroker } from "../broker/broker.ts";
import { HostInfoStream } from "../broker/host-info-stream.ts";
import { SocketBroker } from "../broker/socket-broker.ts";
import type { Logger } from "../logger.ts";
import type { PluginError } from "../plugin-error.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import { onProcessExit } from "./exit-hook.ts";
import type { PluginLife } from "./plugin-end.ts";

/** What the host knows about a plugin that it brokers connections with. */
export interface HostBrokerPlan {
  readonly tls: PeerTls | undefined;
  /** Folder for the host's sockets, which somebody removes after the plugin's end. Default: a folder for each socket. */
  readonly socketFolder: string | undefined;
  /** Where the sides see different networks or file systems. */
  readonly translator: Pick<PluginLife, "translateToHost" | "translateToPlugin">;
  readonly logger: Logger;
}

/** Opens the broker's stream, and brokers connections until `gone` is aborted with the PluginError that says why. */
export function openHostBroker(connection: ClientConnection, plan: HostBrokerPlan, gone: AbortSignal): OwnedBroker {
  const { tls, socketFolder, translator, logger } = plan;
  const broker = new SocketBroker({
    infos: new HostInfoStream(connection),
    peer: "plugin",
    place: { temporaryFolder: tmpdir(), ...(socketFolder === undefined ? {} : { folder: socketFolder }) },
    tls,
    logger,
    translate: {
      toPeer: (address) => translator.translateToPlugin(address),
      fromPeer: (address) => translator.translateToHost(address),
    },
  });
  const forget = onProcessExit(() => broker.removeFiles());
  gone.addEventListener(
    "abort",
    () => {
      broker.end(gone.reason as PluginError);
      forget();
    },
    { once: true },
  );
  return broker;
}

import { tmpdir } from "node:os";
import type { OwnedBroker } from "../broker/broker.ts";
import { HostInfoStream } from "../broker/host-info-stream.ts";
import { MuxBroker } from "../broker/mux-broker.ts";
import { SocketBroker } from "../broker/socket-broker.ts";
import type { PeerGrpc } from "../grpc-options.ts";
import type { PluginError } from "../plugin-error.ts";
import { onProcessExit } from "./exit-hook.ts";
import type { ConnectedPlugin } from "./open-plugin.ts";

/** Opens the broker's stream, and brokers connections until `gone` is aborted with the PluginError that says why. */
export function openHostBroker(plugin: ConnectedPlugin, grpc: PeerGrpc, gone: AbortSignal): OwnedBroker {
  const broker = createBroker(plugin, grpc);
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

function createBroker(plugin: ConnectedPlugin, grpc: PeerGrpc): OwnedBroker {
  const { life, connection, door, tls, socketFolder, socketGroup, logger } = plugin;
  const infos = new HostInfoStream(connection);
  if (door !== undefined) return new MuxBroker({ infos, door, peer: "plugin", tls, logger, grpc });
  return new SocketBroker({
    infos,
    peer: "plugin",
    place: {
      temporaryFolder: tmpdir(),
      ...(socketFolder === undefined ? {} : { folder: socketFolder }),
      ...(socketGroup === undefined ? {} : { group: socketGroup }),
    },
    tls,
    logger,
    grpc,
    translate: {
      toPeer: (address) => life.translateToPlugin(address),
      fromPeer: (address) => life.translateToHost(address),
    },
  });
}

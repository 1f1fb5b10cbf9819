import { tmpdir } from "node:os";
import type { OwnedBroker } from "../broker/broker.ts";
import { HostInfoStream } from "../broker/host-info-stream.ts";
import { MuxBroker } from "../broker/mux-broker.ts";
import { SocketBroker } from "../broker/socket-broker.ts";
import type { PluginError } from "../plugin-error.ts";
import { onProcessExit } from "./exit-hook.ts";
import type { ConnectedPlugin } from "./open-plugin.ts";

/** Opens the broker's stream, and brokers connections until `gone` is aborted with the PluginError that says why. */
export function openHostBroker(plugin: ConnectedPlugin, gone: AbortSignal): OwnedBroker {
  const broker = createBroker(plugin);
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

function createBroker(plugin: ConnectedPlugin): OwnedBroker {
  const { life, connection, door, tls, socketFolder, socketGroup, logger } = plugin;
  const infos = new HostInfoStream(connection);
  if (door !== undefined) return new MuxBroker({ infos, door, peer: "plugin", tls, logger });
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
    translate: {
      toPeer: (address) => life.translateToPlugin(address),
      fromPeer: (address) => life.translateToHost(address),
    },
  });
}

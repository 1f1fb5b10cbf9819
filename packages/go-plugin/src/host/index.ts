export { discover } from "./discover.ts";
export { launch } from "./launch.ts";
export { stopAllPlugins } from "./managed-plugins.ts";
export { stopPluginsOnSignals } from "./stop-on-signals.ts";
export type { EndSignal } from "./stop-on-signals.ts";
export type {
  Checksum,
  ClientOf,
  ExitStatus,
  KindMap,
  Launch,
  LaunchOptions,
  PluginProcess,
  PluginState,
} from "./launch-options.ts";
export type { GrpcLimits, HostGrpcOptions } from "../grpc-options.ts";
export type { SocketPlace } from "./socket-folder.ts";
export { reattach } from "./reattach.ts";
export type { ReattachOptions } from "./reattach-plan.ts";
export type { StdioSinks } from "./stdio-sink.ts";
export { parseReattachInfo, formatReattachInfo } from "../protocol/reattach-info.ts";
export type { ReattachInfo } from "../protocol/reattach-info.ts";
export type { PluginAddress } from "../protocol/handshake-line.ts";
export type { ManualTls } from "../tls/manual-tls.ts";
export type { AddressTranslator, AttachedRunner, Runner, RunnerCommand, RunnerProcess } from "./runner.ts";

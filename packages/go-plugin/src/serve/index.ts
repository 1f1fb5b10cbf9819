import "./refuse-old-node.ts";
// Before anything else: it takes process.stdout over before any other module can print.
import "./process-output.ts";

export { serve } from "./serve.ts";
export { serveOneOf } from "./serve-one-of.ts";
export { startPluginServer } from "./plugin-server.ts";
export { startReattachableServer } from "./reattachable-server.ts";
export { formatReattachInfo } from "../protocol/reattach-info.ts";
export type { ReattachInfo } from "../protocol/reattach-info.ts";
export type { PluginAddress } from "../protocol/handshake-line.ts";
export type { GrpcLimits, PluginGrpcOptions } from "../grpc-options.ts";
export type { ManualTls } from "../tls/manual-tls.ts";
export { provide } from "./serve-options.ts";
export type {
  Env,
  PluginServer,
  PluginServerOptions,
  ReattachableServer,
  ReattachableServerOptions,
  ServedPlugin,
  ServeOptions,
  ServeProcessOptions,
} from "./serve-options.ts";

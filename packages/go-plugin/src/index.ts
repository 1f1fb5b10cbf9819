export type { Broker, BrokeredServer } from "./broker/broker.ts";
export { silentLogger } from "./logger.ts";
export type { LogFields, Logger, LogLevel } from "./logger.ts";
export { definePluginKind } from "./plugin-kind.ts";
export type { CookiePair, HostContext, PluginKind, ServeContext } from "./plugin-kind.ts";
export { PluginError } from "./plugin-error.ts";
export type { PluginErrorDetails } from "./plugin-error.ts";
export type { PluginErrorCode } from "./error-codes.ts";

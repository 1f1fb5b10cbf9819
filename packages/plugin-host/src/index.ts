export type { HostEvent } from "./host-event.ts";
export type { DrainResult, NotifierHub } from "./notifier-hub.ts";
export type { NotifierOptions, PluginConfig } from "./plugin-config.ts";
export type { PluginState, PluginStatus } from "./plugin-status.ts";
export type { PluginManager } from "./plugin-manager.ts";

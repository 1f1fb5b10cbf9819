export type { Env } from "./config/env.ts";
export type { GateOptions, PluginFairleadOptions, SandboxOptions } from "./config/fairlead-options.ts";
export { parsePluginConfigs } from "./config/parse-plugin-configs.ts";
export type { ParsePluginsOptions } from "./config/parse-plugin-configs.ts";
export type {
  AuthOptions,
  AuthPluginConfig,
  EventSearcherPluginConfig,
  IpFilterPluginConfig,
  KmsOptions,
  KmsPluginConfig,
  NotifierOptions,
  NotifierPluginConfig,
  PluginConfig,
  PluginConfigBase,
  PluginType,
} from "./config/plugin-config.ts";
export type { Origins } from "./config/plugin-config-error.ts";
export { applyPluginEnvironment, findUnknownPluginVariables } from "./config/plugin-environment.ts";
export type { PluginsWithEnvironment } from "./config/plugin-environment.ts";
export { defaultDeliveryPolicy } from "./delivery/delivery-policy.ts";
export type { DeliveryPolicy } from "./delivery/delivery-policy.ts";
export type { HostEvent } from "./host-event.ts";
export type { DrainResult, NotifierHub } from "./delivery/notifier-hub.ts";
export { AuthScope } from "./hubs/auth-hub.ts";
export type { AuthHub } from "./hubs/auth-hub.ts";
export type { GateHub } from "./hubs/gate-hub.ts";
export type { IpFilterHub, IpVerdict } from "./hubs/ip-filter-hub.ts";
export type { KmsHub, KmsProvider } from "./hubs/kms-hub.ts";
export type { SearchHub } from "./hubs/search-hub.ts";
export type { JournalStatus } from "./journal/event-journal.ts";
export type { JournalFailurePolicy, JournalFullPolicy, JournalOptions } from "./journal/journal-options.ts";
export { PluginHostError } from "./plugin-host-error.ts";
export type { PluginHostErrorCode, PluginHostErrorDetails } from "./plugin-host-error.ts";
export type { PluginManager } from "./plugin-manager.ts";
export { formatJournalMetrics, formatPluginMetrics } from "./plugin-metrics.ts";
export type { PluginState, PluginStatus } from "./plugin-status.ts";
export type { ReloadedPlugin, ReloadOutcome, ReloadReport } from "./reload/reload-report.ts";
export { startPluginManager } from "./start-plugin-manager.ts";
export type { PluginManagerOptions } from "./start-plugin-manager.ts";
export { defaultHealthPolicy } from "./supervisor/health-policy.ts";
export type { HealthPolicy } from "./supervisor/health-policy.ts";
export { defaultRestartPolicy } from "./supervisor/restart-policy.ts";
export type { RestartPolicy } from "./supervisor/restart-policy.ts";

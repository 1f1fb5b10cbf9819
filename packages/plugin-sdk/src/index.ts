export type { Awaitable, CallContext, EventContext } from "./call-context.ts";
export type { FsEvent, LogEvent, ProviderEvent } from "./notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "./notifier/events.ts";
export type { NotifierHandlers } from "./notifier/notifier-handlers.ts";
export { serveNotifier } from "./notifier/serve-notifier.ts";
export type { PluginLifecycle } from "./plugin-lifecycle.ts";

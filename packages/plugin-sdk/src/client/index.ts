export type { FsEvent, LogEvent, ProviderEvent } from "../notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "../notifier/events.ts";
export type { NotifierClient, SendOptions } from "../notifier/notifier-client.ts";

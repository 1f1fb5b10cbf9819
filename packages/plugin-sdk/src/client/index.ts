export { GrpcError } from "@fairlead/grpc";
export type { FsEvent, LogEvent, ProviderEvent } from "../notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "../notifier/events.ts";
export type { NotifierClient, SendOptions } from "../notifier/notifier-client.ts";
export type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
export { NOTIFIER_HANDSHAKE, NOTIFIER_PROTOCOL_VERSION, notifierKind } from "../notifier/notifier-kind.ts";

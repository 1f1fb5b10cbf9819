export { GrpcError } from "@fairlead/grpc";
export type { AuthClient } from "../auth/auth-client.ts";
export type {
  AuthHandlers,
  AuthRequest,
  PasswordRequest,
  PublicKeyRequest,
  TlsCertificateRequest,
} from "../auth/auth-handlers.ts";
export { AUTH_PROTOCOL_VERSION, authKind } from "../auth/auth-kind.ts";
export type {
  AuthCheck,
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  TlsCertificateCheck,
} from "../auth/auth-messages.ts";
export type { EventSearcherClient } from "../eventsearcher/eventsearcher-client.ts";
export type { EventSearcherHandlers } from "../eventsearcher/eventsearcher-handlers.ts";
export { EVENTSEARCHER_PROTOCOL_VERSION, eventSearcherKind } from "../eventsearcher/eventsearcher-kind.ts";
export type {
  EventsFilter,
  FsEventsFilter,
  LogEventsFilter,
  ProviderEventsFilter,
  SearchOrder,
} from "../eventsearcher/filters.ts";
export { parseFsEvents, parseLogEvents, parseProviderEvents } from "../eventsearcher/parse-rows.ts";
export type { FsEventRow, LogEventRow, ProviderEventRow } from "../eventsearcher/rows.ts";
export type { GateClient } from "../gate/gate-client.ts";
export type { GateHandlers } from "../gate/gate-handlers.ts";
export { GATE_SERVICE, gateKind } from "../gate/gate-kind.ts";
export type { GateDecision, GateOperation, GateRequest } from "../gate/gate-messages.ts";
export {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
} from "../handshakes.ts";
export type { IpFilterClient } from "../ipfilter/ipfilter-client.ts";
export type { IpFilterHandlers } from "../ipfilter/ipfilter-handlers.ts";
export { IPFILTER_PROTOCOL_VERSION, ipFilterKind } from "../ipfilter/ipfilter-kind.ts";
export type { KmsClient } from "../kms/kms-client.ts";
export type { KmsHandlers } from "../kms/kms-handlers.ts";
export { KMS_PROTOCOL_VERSION, kmsKind } from "../kms/kms-kind.ts";
export type { DecryptRequest, EncryptedSecret, EncryptRequest } from "../kms/kms-messages.ts";
export type { FsEvent, LogEvent, ProviderEvent } from "../notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "../notifier/events.ts";
export type { NotifierClient, SendOptions } from "../notifier/notifier-client.ts";
export type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
export { NOTIFIER_PROTOCOL_VERSION, notifierKind } from "../notifier/notifier-kind.ts";
export type { PluginSdkErrorCode } from "../plugin-sdk-error.ts";
export { PluginSdkError } from "../plugin-sdk-error.ts";
export type { PluginInfo } from "../plugin-info/plugin-info.ts";
export type { PluginInfoClient } from "../plugin-info/plugin-info-client.ts";
export { pluginInfoKind } from "../plugin-info/plugin-info-kind.ts";
export type { PluginClient } from "../rpc/plugin-client.ts";
export type { RpcOptions } from "../rpc/rpc-options.ts";

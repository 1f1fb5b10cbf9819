export { GrpcError } from "@fairlead/grpc";
export type { AuthClient } from "../auth/auth-client.ts";
export type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  TlsCertificateCheck,
} from "../auth/auth-messages.ts";
export type { GateClient } from "../gate/gate-client.ts";
export type { GateDecision, GateOperation, GateRequest } from "../gate/gate-messages.ts";
export type { IpFilterClient } from "../ipfilter/ipfilter-client.ts";
export type { KmsClient } from "../kms/kms-client.ts";
export type { DecryptRequest, EncryptedSecret, EncryptRequest } from "../kms/kms-messages.ts";
export type { FsEvent, LogEvent, ProviderEvent } from "../notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "../notifier/events.ts";
export type { NotifierClient, SendOptions } from "../notifier/notifier-client.ts";
export type { NotifierHandlers } from "../notifier/notifier-handlers.ts";
export { NOTIFIER_HANDSHAKE, NOTIFIER_PROTOCOL_VERSION, notifierKind } from "../notifier/notifier-kind.ts";
export type { PluginInfo } from "../plugin-info/plugin-info.ts";
export type { PluginInfoClient } from "../plugin-info/plugin-info-client.ts";
export type { PluginClient } from "../rpc/plugin-client.ts";
export type { RpcOptions } from "../rpc/rpc-options.ts";

export type {
  AuthHandlers,
  AuthRequest,
  PasswordRequest,
  PublicKeyRequest,
  TlsCertificateRequest,
} from "./auth/auth-handlers.ts";
export type { KeyboardStepRequest } from "./auth/auth-messages.ts";
export { unchanged, user } from "./auth/auth-result.ts";
export type { AuthResult, Unchanged, UserDocument } from "./auth/auth-result.ts";
export type { AskOptions, CheckOptions, KeyboardDialogue } from "./auth/keyboard-dialogue.ts";
export { accepted } from "./auth/keyboard-step.ts";
export type {
  Accepted,
  KeyboardQuestion,
  KeyboardQuestions,
  KeyboardResult,
  KeyboardStep,
} from "./auth/keyboard-step.ts";
export { serveAuth } from "./auth/serve-auth.ts";
export type {
  SftpgoAzureBlobConfig,
  SftpgoCryptConfig,
  SftpgoFilesystem,
  SftpgoGcsConfig,
  SftpgoHttpConfig,
  SftpgoOsConfig,
  SftpgoS3Config,
  SftpgoSftpConfig,
} from "./auth/sftpgo-filesystem.ts";
export type {
  JsonInteger,
  SftpgoBandwidthLimit,
  SftpgoGroupMapping,
  SftpgoHooksFilter,
  SftpgoPatternsFilter,
  SftpgoRecoveryCode,
  SftpgoSecret,
  SftpgoTimePeriod,
  SftpgoTotpConfig,
  SftpgoUser,
  SftpgoUserFilters,
  SftpgoVirtualFolder,
} from "./auth/sftpgo-user.ts";
export { createUser } from "./auth/user-document.ts";
export type { Awaitable, CallContext, EventContext } from "./call-context.ts";
export { denied } from "./denied.ts";
export type { Denied } from "./denied.ts";
export type { EventSearcherHandlers } from "./eventsearcher/eventsearcher-handlers.ts";
export type {
  EventsFilter,
  FsEventsFilter,
  LogEventsFilter,
  ProviderEventsFilter,
  SearchOrder,
} from "./eventsearcher/filters.ts";
export type { FsEventRow, LogEventRow, ProviderEventRow } from "./eventsearcher/rows.ts";
export { serveEventSearcher } from "./eventsearcher/serve-eventsearcher.ts";
export type { GateHandlers, GateResult } from "./gate/gate-handlers.ts";
export type { GateOperation, GateRequest } from "./gate/gate-messages.ts";
export type { IpFilterHandlers } from "./ipfilter/ipfilter-handlers.ts";
export type { IpCheck } from "./ipfilter/ipfilter-methods.ts";
export { allowed } from "./ipfilter/ipfilter-result.ts";
export type { Allowed, IpResult } from "./ipfilter/ipfilter-result.ts";
export { serveIpFilter } from "./ipfilter/serve-ipfilter.ts";
export type { KmsHandlers } from "./kms/kms-handlers.ts";
export type { DecryptRequest, EncryptedSecret, EncryptRequest } from "./kms/kms-messages.ts";
export { serveKms } from "./kms/serve-kms.ts";
export type { FsEvent, LogEvent, ProviderEvent } from "./notifier/events.ts";
export { FsEventStatus, FsProvider, LogEventType } from "./notifier/events.ts";
export type { NotifierHandlers } from "./notifier/notifier-handlers.ts";
export { serveNotifier } from "./notifier/serve-notifier.ts";
export type { PluginIdentity } from "./plugin-identity.ts";
export type { PluginLifecycle, StartContext } from "./plugin-lifecycle.ts";
export { PluginSdkError } from "./plugin-sdk-error.ts";
export type { PluginSdkErrorCode } from "./plugin-sdk-error.ts";
export type { MakeHandlers } from "./serve/declared-kind.ts";
export { servePlugin } from "./serve/serve-plugin.ts";
export type { PluginDefinition } from "./serve/serve-plugin.ts";
export { defineSettings } from "./settings/define-settings.ts";
export type { Settings, SettingsOptions, ValuesOf } from "./settings/define-settings.ts";
export { Secret } from "./settings/secret.ts";
export type {
  BigIntSetting,
  BooleanSetting,
  ChoiceSetting,
  DurationSetting,
  GivenSettingValue,
  IntegerSetting,
  ListSetting,
  OpenSettingBasics,
  SettingBasics,
  SettingDeclaration,
  SettingDeclarations,
  SettingPresence,
  SettingValues,
  StringSetting,
} from "./settings/setting-declarations.ts";

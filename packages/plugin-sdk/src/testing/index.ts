export type { PluginType } from "../serve/served-kind.ts";
export { connectAuth } from "./connect-auth.ts";
export { connectEventSearcher } from "./connect-eventsearcher.ts";
export { connectGate } from "./connect-gate.ts";
export { connectIpFilter } from "./connect-ipfilter.ts";
export { connectKms } from "./connect-kms.ts";
export { connectNotifier } from "./connect-notifier.ts";
export type { ConnectedPlugin, ConnectOptions } from "./connect-plugin.ts";
export { logInByKeyboard } from "./log-in-by-keyboard.ts";
export type { KeyboardUser } from "./log-in-by-keyboard.ts";
export {
  makeKeyboardInteractiveCheck,
  makeKeyboardStep,
  makePasswordCheck,
  makePublicKeyCheck,
  makeTlsCertificateCheck,
  readUser,
} from "./make-auth-requests.ts";
export type { CheckChanges } from "./make-auth-requests.ts";
export { makeFsEvent, makeLogEvent, makeProviderEvent } from "./make-events.ts";
export { makeFsEventsFilter, makeLogEventsFilter, makeProviderEventsFilter } from "./make-filters.ts";
export { makeDecryptRequest, makeEncryptRequest, makeGateRequest } from "./make-requests.ts";
export { makeKnownUser, makeUnknownUser } from "./make-users.ts";
export { spawnPlugin } from "./spawn-plugin.ts";
export type { PluginClients, PluginLogLine, SpawnedPlugin, SpawnOptions } from "./spawn-plugin.ts";

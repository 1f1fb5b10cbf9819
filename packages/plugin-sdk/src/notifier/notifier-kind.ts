import { definePluginKind } from "@fairlead/go-plugin";
import type { CookiePair, ServeContext } from "@fairlead/go-plugin";
import type { ServerCall, ServiceRegistrar } from "@fairlead/grpc";
import type { CallContext } from "../call-context.ts";
import { EVENT_ID_METADATA, createNotifierClient } from "./notifier-client.ts";
import type { NotifierClient } from "./notifier-client.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { notifierMethods } from "./notifier-methods.ts";

/** The magic cookie of notifier plugins, as SFTPGo's SDK defines it. */
export const NOTIFIER_HANDSHAKE: CookiePair = {
  key: "SFTPGO_PLUGIN_NOTIFIER",
  value: "c499b98b-cd59-4df2-92b3-6268817f4d80",
};

/** The application protocol version of notifier plugins. */
export const NOTIFIER_PROTOCOL_VERSION = 1;

/** Notifier plugins, from both sides. */
export const notifierKind = definePluginKind<NotifierHandlers, NotifierClient>({
  name: "notifier",
  register: registerNotifier,
  connect: (connection) => createNotifierClient(connection),
});

// What a handler throws becomes the status UNKNOWN with its message, which is what Go's plugins answer too.
function registerNotifier(registrar: ServiceRegistrar, handlers: NotifierHandlers, { logger }: ServeContext): void {
  const contextOf = (call: ServerCall): CallContext => ({
    signal: call.signal,
    logger,
    eventId: call.metadata.get(EVENT_ID_METADATA),
  });
  registrar.handleUnary(notifierMethods.sendFsEvent, (event, call) => handlers.onFsEvent?.(event, contextOf(call)));
  registrar.handleUnary(notifierMethods.sendProviderEvent, (event, call) =>
    handlers.onProviderEvent?.(event, contextOf(call)),
  );
  registrar.handleUnary(notifierMethods.sendLogEvent, (event, call) => handlers.onLogEvent?.(event, contextOf(call)));
}

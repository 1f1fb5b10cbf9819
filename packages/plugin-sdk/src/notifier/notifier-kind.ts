import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/notifier/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { createNotifierClient } from "./notifier-client.ts";
import type { NotifierClient } from "./notifier-client.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { notifierMethods } from "./notifier-methods.ts";

/** The application protocol version of notifier plugins. */
export const NOTIFIER_PROTOCOL_VERSION = 1;

/** Notifier plugins, from both sides. */
export const notifierKind = definePluginKind<NotifierHandlers, NotifierClient>({
  name: "notifier",
  register: registerNotifier,
  connect: (connection) => createNotifierClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerNotifier(registrar: ServiceRegistrar, handlers: NotifierHandlers, { logger }: ServeContext): void {
  registrar.handleUnary(notifierMethods.sendFsEvent, (event, call) =>
    callHandler((context) => handlers.onFsEvent?.(event, context), call, logger),
  );
  registrar.handleUnary(notifierMethods.sendProviderEvent, (event, call) =>
    callHandler((context) => handlers.onProviderEvent?.(event, context), call, logger),
  );
  registrar.handleUnary(notifierMethods.sendLogEvent, (event, call) =>
    callHandler((context) => handlers.onLogEvent?.(event, context), call, logger),
  );
}

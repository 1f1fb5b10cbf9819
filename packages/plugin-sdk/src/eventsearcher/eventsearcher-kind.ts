import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/eventsearcher/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { unimplemented } from "../rpc/refusals.ts";
import { fsEventColumns, logEventColumns, providerEventColumns } from "./columns.ts";
import { createEventSearcherClient } from "./eventsearcher-client.ts";
import type { EventSearcherClient } from "./eventsearcher-client.ts";
import type { EventSearcherHandlers } from "./eventsearcher-handlers.ts";
import { eventSearcherMethods } from "./eventsearcher-methods.ts";
import { formatRows } from "./format-rows.ts";

/** The application protocol version of event searchers. */
export const EVENTSEARCHER_PROTOCOL_VERSION = 1;

/** Event searchers, from both sides. */
export const eventSearcherKind = definePluginKind<EventSearcherHandlers, EventSearcherClient>({
  name: "eventsearcher",
  register: registerEventSearcher,
  connect: (connection) => createEventSearcherClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerEventSearcher(
  registrar: ServiceRegistrar,
  handlers: EventSearcherHandlers,
  { logger }: ServeContext,
): void {
  registrar.handleUnary(eventSearcherMethods.searchFsEvents, async (filter, call) => {
    if (!handlers.searchFsEvents) throw unimplemented("searchFsEvents");
    return await callHandler(
      async (context) => formatRows(await handlers.searchFsEvents!(filter, context), fsEventColumns),
      call,
      logger,
    );
  });
  registrar.handleUnary(eventSearcherMethods.searchProviderEvents, async (filter, call) => {
    if (!handlers.searchProviderEvents) throw unimplemented("searchProviderEvents");
    return await callHandler(
      async (context) => formatRows(await handlers.searchProviderEvents!(filter, context), providerEventColumns),
      call,
      logger,
    );
  });
  registrar.handleUnary(eventSearcherMethods.searchLogEvents, async (filter, call) => {
    if (!handlers.searchLogEvents) throw unimplemented("searchLogEvents");
    return await callHandler(
      async (context) => formatRows(await handlers.searchLogEvents!(filter, context), logEventColumns),
      call,
      logger,
    );
  });
}

import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/ipfilter/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { toStatus } from "../rpc/refusals.ts";
import { createIpFilterClient } from "./ipfilter-client.ts";
import type { IpFilterClient } from "./ipfilter-client.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";
import { ipFilterMethods } from "./ipfilter-methods.ts";

/** The application protocol version of ipfilter plugins. */
export const IPFILTER_PROTOCOL_VERSION = 1;

/** Ipfilter plugins, from both sides. */
export const ipFilterKind = definePluginKind<IpFilterHandlers, IpFilterClient>({
  name: "ipfilter",
  register: registerIpFilter,
  connect: (connection) => createIpFilterClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerIpFilter(registrar: ServiceRegistrar, handlers: IpFilterHandlers, { logger }: ServeContext): void {
  registrar.handleUnary(ipFilterMethods.checkIp, async (request, call) => {
    const result = await callHandler((context) => handlers.check(request, context), call, logger);
    // Whatever else it is, of a program whose types nobody checked: only this lets anybody in.
    if (result.outcome !== "allowed") throw toStatus(result);
  });
  registrar.handleUnary(ipFilterMethods.reload, (_request, call) =>
    callHandler((context) => handlers.reload?.(context), call, logger),
  );
}

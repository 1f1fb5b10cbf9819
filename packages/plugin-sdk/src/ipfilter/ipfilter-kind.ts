import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/ipfilter/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { noResult, toStatus } from "../rpc/refusals.ts";
import { createIpFilterClient } from "./ipfilter-client.ts";
import type { IpFilterClient } from "./ipfilter-client.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";
import { ipFilterMethods } from "./ipfilter-methods.ts";
import type { IpResult } from "./ipfilter-result.ts";

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
    permit(await callHandler((context) => handlers.check(request, context), call, logger));
  });
  registrar.handleUnary(ipFilterMethods.reload, (_request, call) =>
    callHandler((context) => handlers.reload?.(context), call, logger),
  );
}

function permit(result: IpResult | undefined): void {
  if (result?.outcome === "allowed") return;
  throw result?.outcome === "denied" ? toStatus(result) : noResult("check", "allowed() or denied()");
}

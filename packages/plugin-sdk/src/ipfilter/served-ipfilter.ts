import { IPFILTER_HANDSHAKE } from "../handshakes.ts";
import type { ServedKind } from "../serve/served-kind.ts";
import { describeIpFilter } from "./describe-ipfilter.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";
import { ipFilterKind } from "./ipfilter-kind.ts";

/** What serving ipfilters takes. */
export const servedIpFilter: ServedKind<IpFilterHandlers> = {
  type: "ipfilter",
  handshake: IPFILTER_HANDSHAKE,
  kind: ipFilterKind,
  describe: describeIpFilter,
};

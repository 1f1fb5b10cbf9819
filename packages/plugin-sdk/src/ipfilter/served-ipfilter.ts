import type { LoadedKind } from "../serve/kind-serving.ts";
import { describeIpFilter } from "./describe-ipfilter.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";
import { ipFilterKind } from "./ipfilter-kind.ts";

/** What serving ipfilters takes. */
export const servedIpFilter: LoadedKind<IpFilterHandlers> = { kind: ipFilterKind, describe: describeIpFilter };

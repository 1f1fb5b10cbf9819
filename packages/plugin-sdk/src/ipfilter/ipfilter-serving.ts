import { IPFILTER_HANDSHAKE } from "../handshakes.ts";
import type { KindServing } from "../serve/kind-serving.ts";
import type { IpFilterHandlers } from "./ipfilter-handlers.ts";

export const ipFilterServing: KindServing<IpFilterHandlers> = {
  type: "ipfilter",
  handshake: IPFILTER_HANDSHAKE,
  load: async () => {
    const [{ ipFilterKind }, { describeIpFilter }] = await Promise.all([
      import("./ipfilter-kind.ts"),
      import("./describe-ipfilter.ts"),
    ]);
    return { kind: ipFilterKind, describe: describeIpFilter };
  },
};

import type { PluginSelfDescription } from "../serve/run-by-hand.ts";

/** The configuration of an ipfilter, which has no options of its own. */
export function describeIpFilter(): PluginSelfDescription {
  return { type: "ipfilter", purpose: "decides from which addresses clients may connect", options: {} };
}

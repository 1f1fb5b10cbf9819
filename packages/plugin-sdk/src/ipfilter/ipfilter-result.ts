import type { Denied } from "../denied.ts";

/** What an ipfilter says about a client. */
export type IpResult = Allowed | Denied;

/** The client may connect. */
export interface Allowed {
  readonly outcome: "allowed";
}

/** Lets a client connect. */
export function allowed(): Allowed {
  return { outcome: "allowed" };
}

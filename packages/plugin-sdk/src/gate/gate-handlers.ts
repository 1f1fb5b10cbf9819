import type { Awaitable, CallContext } from "../call-context.ts";
import type { IpResult } from "../ipfilter/ipfilter-result.ts";
import type { GateRequest } from "./gate-messages.ts";

/** What a gate says about an operation. */
export type GateResult = IpResult;

/**
 * Who may do what to which file, asked before it is done: Fairlead waits for the answer, SFTPGo never asks. A handler that
 * throws decides nothing; what happens then says `fairlead.gate.on_failure` of the plugin's entry.
 */
export interface GateHandlers {
  /**
   * Return `allowed()` or `denied(message)`. Here the client does see the message, up to 256 characters of it.
   */
  check(request: GateRequest, context: CallContext): Awaitable<GateResult>;
}

import type { Awaitable, CallContext } from "../call-context.ts";
import type { GateDecision, GateRequest } from "./gate-messages.ts";

/**
 * Who may do what to which file, asked before it is done: Fairlead waits for the answer, SFTPGo never asks. A handler that
 * throws decides nothing; what happens then says `fairlead.gate.on_failure` of the plugin's entry.
 */
export interface GateHandlers {
  /**
   * Return `{ allowed: true }` or `{ allowed: false, message }`; the client is shown up to 256 characters of the message.
   */
  check(request: GateRequest, context: CallContext): Awaitable<GateDecision>;
}

import type { Awaitable, CallContext } from "../call-context.ts";
import type { IpCheck } from "./ipfilter-methods.ts";
import type { IpResult } from "./ipfilter-result.ts";

/**
 * Who may connect, asked before anything else: for every SSH and FTP connection and every HTTP and WebDAV request, which
 * wait for the answer. A handler that throws refuses.
 */
export interface IpFilterHandlers {
  /** Return `allowed()` or `denied(reason)`. */
  check(request: IpCheck, context: CallContext): Awaitable<IpResult>;
  /** The server was told to read its configuration again (SIGHUP). Default: nothing happens. */
  reload?(context: CallContext): Awaitable<void>;
}

import type { Socket } from "node:net";

/** Says which addresses may connect; the host's hub of ipfilter plugins is one. Never rejects, and answers in bounded time. */
export interface IpFilter {
  /** False: everybody may, and nobody need be asked. */
  readonly isConfigured: boolean;
  check(
    ip: string,
    protocol: string,
    options: { readonly signal: AbortSignal },
  ): Promise<{ readonly allowed: true } | { readonly allowed: false; readonly reason: string }>;
}

function ignoreError(): void {
  // "close" follows
}

/** SFTPGo's name for what comes over SSH. */
const PROTOCOL = "SSH";

/**
 * Asks whether the client at the other end of `socket` may connect; `undefined` = yes, otherwise why not. Nothing is
 * sent to it meanwhile, and no more read from it than the socket buffers. Its leaving ends the question.
 */
export async function refusalByIpFilter(socket: Socket, ip: string, filter: IpFilter): Promise<string | undefined> {
  const abort = new AbortController();
  const onGone = (): void => {
    abort.abort();
  };
  socket.on("close", onGone);
  socket.on("error", ignoreError);
  try {
    const verdict = await filter.check(ip, PROTOCOL, { signal: abort.signal });
    return socket.destroyed ? "the client left" : verdict.allowed ? undefined : verdict.reason;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket.off("close", onGone);
    socket.off("error", ignoreError);
  }
}

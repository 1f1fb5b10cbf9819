/**
 * `protocol`: the peer broke yamux's rules. `flood`: it sent more work than content. `remote`: it ended the session, or
 * reset the stream. `timeout`: it does not answer. `closed`: ended on this side. `refused`: no more streams now.
 */
export type YamuxErrorCode = "protocol" | "flood" | "remote" | "timeout" | "closed" | "refused";

/** Why a session or one of its streams ended. Callers see it as the cause of what it did to them. */
export class YamuxError extends Error {
  override readonly name = "YamuxError";
  readonly code: YamuxErrorCode;

  constructor(code: YamuxErrorCode, message: string, cause?: unknown) {
    super(`yamux: ${message}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

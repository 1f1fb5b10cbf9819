import { FairleadError } from "../domain/fairlead-error.ts";

/** What is answered instead of a success, as SFTPGo's REST API writes it. */
export interface HttpAnswer {
  readonly status: number;
  /** SFTPGo leaves it empty where it gives a reason. */
  readonly message: string;
  /** Goes out as `error`; left out when empty. */
  readonly reason: string;
}

/** An error that ends a request with `status`; see {@link answerOf}. */
export function httpError(
  status: number,
  message: string,
  reason = "",
  options: { readonly cause?: unknown } = {},
): FairleadError {
  return new FairleadError("ERR_HTTP_REQUEST", message, { details: { status, reason }, ...options });
}

/** A query that cannot be understood; the problem is the client's to know. */
export function invalidQuery(problem: string): FairleadError {
  return httpError(400, "", `Validation error: ${problem}`);
}

/** What the client is told. What went wrong here is not its business: the log has it. */
export function answerOf(error: unknown): HttpAnswer {
  if (FairleadError.is(error, "ERR_HTTP_REQUEST")) {
    return { status: Number(error.details["status"]), message: error.message, reason: String(error.details["reason"]) };
  }
  // What the framework found wrong with a request.
  const status = typeof error === "object" && error !== null ? Number(Reflect.get(error, "statusCode")) : Number.NaN;
  return status >= 400 && status < 500
    ? { status, message: error instanceof Error ? error.message : "", reason: "" }
    : { status: 500, message: "Internal Server Error", reason: "" };
}

/** With the line end SFTPGo writes. */
export function formatAnswer({ message, reason }: HttpAnswer): string {
  return `${JSON.stringify({ ...(reason === "" ? {} : { error: reason }), message })}\n`;
}

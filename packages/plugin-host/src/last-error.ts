/** What went wrong last, and when. */
export interface LastError {
  readonly message: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** A plugin chooses its error messages; a status and a log line show so much of one. */
const maxMessageLength = 1_000;

export function createLastError(error: unknown, atMs: number): LastError {
  const message = error instanceof Error ? error.message : String(error);
  return { message: message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message, atMs };
}

/** The one that happened later. */
export function laterError(a: LastError | undefined, b: LastError | undefined): LastError | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.atMs > a.atMs ? b : a;
}

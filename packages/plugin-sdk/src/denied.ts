/** A refusal, which is no failure: nothing goes into the plugin's log. */
export interface Denied {
  readonly outcome: "denied";
  /** Why, for the server's log; the client sees it from a gate alone. */
  readonly message: string;
}

/** Refuses. The message, up to 1 024 characters, is for the server's log; a gate's, up to 256, for the client too. */
export function denied(message: string): Denied {
  return { outcome: "denied", message };
}

/** A refusal, which is no failure: nothing goes into the plugin's log. */
export interface Denied {
  readonly outcome: "denied";
  /** Why, for the server's log; the client does not see it. */
  readonly message: string;
}

/** Refuses. The message, up to 1 024 characters, is for the server's log; the client does not see it. */
export function denied(message: string): Denied {
  return { outcome: "denied", message };
}

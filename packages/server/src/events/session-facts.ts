import type { Logger } from "@fairlead/go-plugin";
import type { User } from "../domain/user.ts";

/** Who works in a session, and how they came in; what every event and log line of the session says. */
export interface SessionFacts {
  /** The user as they were at login; later changes of the stored user do not reach a running session. */
  readonly user: User;
  readonly protocol: "SFTP" | "SCP" | "SSH";
  /** The client's address without port. */
  readonly ip: string;
  /** `SFTP_<hex SSH session id>_<channel number>`, or `SCP_…`, `SSH_…` for commands. */
  readonly sessionId: string;
  readonly logger: Logger;
  /** Shows the user why a plugin refused something, where the client does not show the text of an answer. */
  readonly tellUser?: (text: string) => void;
}

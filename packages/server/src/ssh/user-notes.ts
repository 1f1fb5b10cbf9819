import type { Connection, ServerChannel } from "ssh2";

import { clientIdent } from "./ssh2-internals.ts";

/** A client that does not read its error output loses that much of its window for good. */
const MAX_NOTES = 100;

/**
 * Writes lines for the user on a channel's error output, which OpenSSH's sftp and scp pass on to the terminal: of an
 * SFTP status they show the number only, not its text. Others show the text and may never read the error output, so
 * they get no notes.
 */
export function createUserNotes(connection: Connection, channel: ServerChannel): ((text: string) => void) | undefined {
  if (!clientIdent(connection).startsWith("SSH-2.0-OpenSSH")) {
    return undefined;
  }
  let left = MAX_NOTES;
  return (text) => {
    // One that waits for the client means that it does not read.
    if (left > 0 && channel.writable && channel.stderr.writableLength === 0) {
      left -= 1;
      channel.stderr.write(`refused: ${text}\r\n`);
    }
  };
}

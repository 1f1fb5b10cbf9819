import type { ServerChannel } from "ssh2";

const SFTP_ONLY = "This server speaks SFTP only.";

/** What a client that asked for a shell or a command is told. */
function refusalText(command: string | undefined): string {
  if (command === undefined) {
    return SFTP_ONLY;
  }
  return /^\s*scp\s/.test(command)
    ? `${SFTP_ONLY} The old scp protocol is not enabled: use scp without -O, or sftp.`
    : `${SFTP_ONLY} This command is not available.`;
}

/** Answers with one line and exit status 1, then closes the channel. */
export function refuseCommand(channel: ServerChannel, command: string | undefined): void {
  channel.stderr.write(`${refusalText(command)}\r\n`);
  channel.exit(1);
  channel.end();
}

import { type FileSystem, SftpError } from "@fairlead/sftp";
import type { ServerChannel } from "ssh2";

import { normaliseVirtualPath } from "../../domain/virtual-path.ts";
import { receiveFiles } from "./receive-files.ts";
import { ScpPeer } from "./scp-peer.ts";
import { sendFiles } from "./send-files.ts";

/** What a client's scp asks this end for. */
interface ScpRequest {
  /** `t`: we receive ("to"); `f`: we send ("from"). */
  readonly direction: "f" | "t";
  readonly isRecursive: boolean;
  readonly mustBeDirectory: boolean;
  /** As the client wrote it. */
  readonly path: string;
}

export interface ScpSurroundings {
  readonly channel: ServerChannel;
  readonly files: FileSystem;
  readonly username: string;
}

/**
 * The far end of the old scp protocol (BSD rcp's), as OpenSSH's `scp -O` and older clients speak it. Resolves when the
 * client has its exit status; rejects when it is gone.
 */
export async function runScp(args: readonly string[], { channel, files, username }: ScpSurroundings): Promise<void> {
  const request = parseScpArguments(args);
  if (request === undefined) {
    channel.stderr.write("scp: not understood\r\n");
    finish(channel, 1);
    return;
  }
  const { direction, path: written, isRecursive, mustBeDirectory } = request;
  const path = normaliseVirtualPath(written.startsWith("/") ? written : `${files.homeDirectory}/${written}`);
  const peer = new ScpPeer(channel);
  try {
    await (direction === "t"
      ? receiveFiles(peer, files, { path, isRecursive, mustBeDirectory })
      : // Named after the user, as SFTPGo does.
        sendFiles(peer, files, { path, isRecursive, rootName: username }));
    finish(channel, peer.failures === 0 ? 0 : 1);
  } catch (error) {
    if (!(error instanceof SftpError)) {
      throw error;
    }
    finish(channel, 1);
  }
}

/** `-t` or `-f`, some flags that change nothing here, and one path. */
export function parseScpArguments(args: readonly string[]): ScpRequest | undefined {
  const end = args.indexOf("--");
  const isFlag = (word: string, index: number): boolean => word.startsWith("-") && (end < 0 || index < end);
  const flags = new Set(args.filter(isFlag).flatMap((word) => word.slice(1).split("")));
  const paths = args.filter((word, index) => !isFlag(word, index) && index !== end);
  const [path] = paths;
  const isKnown = [...flags].every((flag) => "tfrpdvq".includes(flag));
  const isOneWay = flags.has("t") !== flags.has("f");
  if (path === undefined || paths.length !== 1 || !isKnown || !isOneWay) {
    return undefined;
  }
  return {
    direction: flags.has("t") ? "t" : "f",
    isRecursive: flags.has("r"),
    mustBeDirectory: flags.has("d"),
    path,
  };
}

function finish(channel: ServerChannel, status: 0 | 1): void {
  if (channel.writable) {
    channel.exit(status);
    channel.end();
  }
}

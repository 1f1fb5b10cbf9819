import { join } from "node:path";
import type { FsEvent } from "@fairlead/plugin-sdk/client";
import type { EventClock } from "./event-clock.ts";
import type { SessionFacts } from "./session-facts.ts";

/** File actions this server tells plugins about; SFTPGo's names. */
export type FsAction =
  | "pre-upload"
  | "upload"
  | "first-upload"
  | "pre-download"
  | "download"
  | "first-download"
  | "pre-delete"
  | "delete"
  | "rename"
  | "mkdir"
  | "rmdir"
  | "copy"
  | "ssh_cmd";

/** What an event says beyond who and where. */
export interface FsFacts {
  readonly action: FsAction;
  /** Empty for a command without a path. */
  readonly virtualPath: string;
  readonly virtualTargetPath?: string;
  readonly fileSizeBytes?: bigint;
  /** 0 for `pre-*` actions. */
  readonly elapsedMs?: number;
  /** `FsEventStatus`; 1 (ok) when absent. */
  readonly status?: number;
  readonly openFlags?: number;
  /** The name of the command, of an `ssh_cmd`. */
  readonly sshCommand?: string;
}

/**
 * Builds the event SFTPGo would send. Paths are the home joined with what the client named: links are not resolved,
 * as observed (a download through a link names the link).
 */
export function buildFsEvent(session: SessionFacts, facts: FsFacts, clock: EventClock): FsEvent {
  const { user } = session;
  const target = facts.virtualTargetPath ?? "";
  return {
    timestampNs: clock(),
    action: facts.action,
    username: user.username,
    path: facts.virtualPath === "" ? "" : diskPath(user.homeDir, facts.virtualPath),
    targetPath: target === "" ? "" : diskPath(user.homeDir, target),
    virtualPath: facts.virtualPath,
    virtualTargetPath: target,
    sshCmd: facts.sshCommand ?? "",
    fileSizeBytes: facts.fileSizeBytes ?? 0n,
    elapsedMs: BigInt(Math.trunc(facts.elapsedMs ?? 0)),
    status: facts.status ?? 1,
    protocol: session.protocol,
    ip: session.ip,
    sessionId: session.sessionId,
    fsProvider: 0,
    bucket: "",
    endpoint: "",
    openFlags: facts.openFlags ?? 0,
    role: user.role,
    metadata: {},
  };
}

/** Where a virtual path is on the disk, by its text; links are not followed. */
export function diskPath(homeDir: string, virtualPath: string): string {
  const path = join(homeDir, virtualPath);
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

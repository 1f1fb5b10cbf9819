import type { FsEvent, LogEvent } from "@fairlead/plugin-sdk/client";
import type { HostEvent } from "../../src/host-event.ts";

/** A file event with every field set to something of its own. */
export function createFsEvent(changes: Partial<FsEvent> = {}): FsEvent {
  return {
    timestampNs: BigInt(Date.now()) * 1_000_000n,
    action: "upload",
    username: "ann",
    path: "/srv/ann/f",
    targetPath: "",
    virtualPath: "/f",
    virtualTargetPath: "",
    sshCmd: "",
    fileSizeBytes: 100n,
    elapsedMs: 3n,
    status: 1,
    protocol: "SFTP",
    ip: "127.0.0.1",
    sessionId: "SFTP_00_1",
    fsProvider: 0,
    bucket: "",
    endpoint: "",
    openFlags: 0,
    role: "",
    metadata: {},
    ...changes,
  };
}

export function upload(username: string, virtualPath: string, changes: Partial<FsEvent> = {}): HostEvent {
  return { kind: "fs", event: createFsEvent({ username, virtualPath, ...changes }) };
}

/** A log event; `event` is one of the SDK's `LogEventType`. */
export function login(username: string, event: number, changes: Partial<LogEvent> = {}): HostEvent {
  const texts = { protocol: "SSH", ip: "192.0.2.1", message: "", role: "" };
  return { kind: "log", event: { ...texts, timestampNs: 1n, username, event, ...changes } };
}

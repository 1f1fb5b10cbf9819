import { FsEventStatus, FsProvider, LogEventType } from "../notifier/events.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "../notifier/events.ts";

// 2026-01-01T00:00:00Z: the same in every run.
const timestampNs = 1_767_225_600_000_000_000n;

/** A file event for a test; without changes, a successful upload of `/report.txt` by `alice`. */
export function makeFsEvent(changes: Partial<FsEvent> = {}): FsEvent {
  return {
    timestampNs,
    action: "upload",
    username: "alice",
    path: "/srv/sftp/alice/report.txt",
    targetPath: "",
    virtualPath: "/report.txt",
    virtualTargetPath: "",
    sshCmd: "",
    fileSizeBytes: 1_024n,
    elapsedMs: 5n,
    status: FsEventStatus.ok,
    protocol: "SFTP",
    ip: "192.0.2.1",
    sessionId: "SFTP_0123456789abcdef_1",
    fsProvider: FsProvider.local,
    bucket: "",
    endpoint: "",
    openFlags: 0,
    role: "",
    metadata: {},
    ...changes,
  };
}

/** A provider event for a test; without changes, `admin` adds the user `alice`. */
export function makeProviderEvent(changes: Partial<ProviderEvent> = {}): ProviderEvent {
  const objectName = changes.objectName ?? "alice";
  return {
    timestampNs,
    action: "add",
    objectType: "user",
    objectName,
    username: "admin",
    ip: "192.0.2.1",
    role: "",
    objectData: new TextEncoder().encode(JSON.stringify({ username: objectName })),
    ...changes,
  };
}

/** A log event for a test; without changes, `alice` logs in. */
export function makeLogEvent(changes: Partial<LogEvent> = {}): LogEvent {
  return {
    timestampNs,
    event: LogEventType.loginOk,
    username: "alice",
    protocol: "SSH",
    ip: "192.0.2.1",
    message: "",
    role: "",
    ...changes,
  };
}

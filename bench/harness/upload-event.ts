import type { FsEvent } from "@fairlead/plugin-sdk";

/** What an upload over SFTP sends, 224 bytes on the wire: the same as `benchEvent` in `interop/notifier-host`. */
export function uploadEvent(): FsEvent {
  return {
    timestampNs: 1_790_000_000_123_456_789n,
    action: "upload",
    username: "alice",
    path: "/srv/sftpgo/data/alice/reports/2026/summary-east.csv",
    targetPath: "",
    virtualPath: "/reports/2026/summary-east.csv",
    virtualTargetPath: "",
    sshCmd: "",
    fileSizeBytes: 1_048_576n,
    elapsedMs: 12n,
    status: 1,
    protocol: "SFTP",
    ip: "192.0.2.17",
    sessionId: "SFTP_0f4c2b7a9d3e8816557a0c1e9b2d4f607182939ab4c5d6e7f8091a2b3c4d5e6f_1",
    fsProvider: 0,
    bucket: "",
    endpoint: "",
    openFlags: 0,
    role: "finance-eu",
    metadata: {},
  };
}

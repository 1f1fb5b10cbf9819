import type { FsEvent, LogEvent, ProviderEvent } from "@fairlead/plugin-sdk";
import type { AnyEvent } from "./event-lines.ts";

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);

/** Every field set. */
export const fullFsEvent: FsEvent = {
  timestampNs: 1_790_000_000_123_456_789n,
  action: "rename",
  username: "zoë",
  path: "/srv/data/zoë/old name",
  targetPath: "/srv/data/zoë/new\tname",
  virtualPath: "/old name",
  virtualTargetPath: "/new\tname",
  sshCmd: "sftpgo-copy",
  fileSizeBytes: 1_048_576n,
  elapsedMs: 12n,
  status: 3,
  protocol: "SFTP",
  ip: "2001:db8::1",
  sessionId: "SFTP_0f4c2b7a9d3e8816_1",
  fsProvider: 6,
  bucket: "bucket",
  endpoint: "https://s3.example",
  openFlags: 1089,
  role: "rôle",
  metadata: { key: "value", "": "", empty: "", 日本: "語 \u{1f6a2}" },
};

// An own key of this name, which an object literal would not make.
const hostileMetadata = Object.fromEntries([
  ["__proto__", "just a key"],
  ["constructor", ""],
]);

const emptyFsEvent: FsEvent = {
  timestampNs: 0n,
  action: "",
  username: "",
  path: "",
  targetPath: "",
  virtualPath: "",
  virtualTargetPath: "",
  sshCmd: "",
  fileSizeBytes: 0n,
  elapsedMs: 0n,
  status: 0,
  protocol: "",
  ip: "",
  sessionId: "",
  fsProvider: 0,
  bucket: "",
  endpoint: "",
  openFlags: 0,
  role: "",
  metadata: {},
};

/** Every field set; the object is every octet once. */
export const fullProviderEvent: ProviderEvent = {
  timestampNs: 1_790_000_000_123_456_789n,
  action: "update",
  objectType: "user",
  objectName: "zoë",
  username: "__system__",
  ip: "192.0.2.1",
  role: "rôle",
  objectData: Uint8Array.from({ length: 256 }, (_, octet) => octet),
};

const fullLogEvent: LogEvent = {
  timestampNs: 1_790_000_000_123_456_789n,
  event: 4,
  username: "zoë",
  protocol: "SSH",
  ip: "192.0.2.1",
  message: 'ssh: no common algorithm for "host key"\n',
  role: "rôle",
};

/** Events that together have every field set, every field empty, and every integer at both ends of its range. */
export const sampleEvents: readonly AnyEvent[] = [
  { fs: fullFsEvent },
  { fs: emptyFsEvent },
  { fs: { ...fullFsEvent, timestampNs: MAX_INT64, fileSizeBytes: MAX_INT64, elapsedMs: MAX_INT64 } },
  { fs: { ...fullFsEvent, timestampNs: MIN_INT64, fileSizeBytes: MIN_INT64, elapsedMs: MIN_INT64 } },
  { fs: { ...fullFsEvent, status: MAX_INT32, fsProvider: MAX_INT32, openFlags: MAX_INT32 } },
  { fs: { ...fullFsEvent, status: MIN_INT32, fsProvider: -1, openFlags: MIN_INT32 } },
  { fs: { ...fullFsEvent, timestampNs: 2n ** 53n + 1n, fileSizeBytes: -1n, metadata: hostileMetadata } },
  { provider: fullProviderEvent },
  { provider: { ...fullProviderEvent, timestampNs: MAX_INT64, objectData: new Uint8Array() } },
  { provider: { ...fullProviderEvent, timestampNs: MIN_INT64, objectData: new Uint8Array(1_000_000).fill(0xa5) } },
  { log: fullLogEvent },
  { log: { ...fullLogEvent, timestampNs: MIN_INT64, event: MAX_INT32, message: "" } },
  { log: { ...fullLogEvent, timestampNs: MAX_INT64, event: -1 } },
];

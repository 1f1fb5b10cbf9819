import type {
  FsEvent as WireFsEvent,
  LogEvent as WireLogEvent,
  ProviderEvent as WireProviderEvent,
} from "../gen/notifier/notifier.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";

// Objects are written out field by field: a field added to either side and forgotten here does not compile.

export function toWireFsEvent(event: FsEvent): WireFsEvent {
  return {
    timestamp: event.timestampNs,
    action: event.action,
    username: event.username,
    fsPath: event.path,
    fsTargetPath: event.targetPath,
    sshCmd: event.sshCmd,
    fileSize: event.fileSizeBytes,
    protocol: event.protocol,
    status: event.status,
    ip: event.ip,
    virtualPath: event.virtualPath,
    virtualTargetPath: event.virtualTargetPath,
    sessionId: event.sessionId,
    fsProvider: event.fsProvider,
    bucket: event.bucket,
    endpoint: event.endpoint,
    openFlags: event.openFlags,
    role: event.role,
    elapsed: event.elapsedMs,
    metadata: toWireMetadata(event.metadata),
  };
}

export function fromWireFsEvent(event: WireFsEvent): FsEvent {
  return {
    timestampNs: event.timestamp,
    action: event.action,
    username: event.username,
    path: event.fsPath,
    targetPath: event.fsTargetPath,
    virtualPath: event.virtualPath,
    virtualTargetPath: event.virtualTargetPath,
    sshCmd: event.sshCmd,
    fileSizeBytes: event.fileSize,
    elapsedMs: event.elapsed,
    status: event.status,
    protocol: event.protocol,
    ip: event.ip,
    sessionId: event.sessionId,
    fsProvider: event.fsProvider,
    bucket: event.bucket,
    endpoint: event.endpoint,
    openFlags: event.openFlags,
    role: event.role,
    metadata: fromWireMetadata(event.metadata),
  };
}

export function toWireProviderEvent(event: ProviderEvent): WireProviderEvent {
  return {
    timestamp: event.timestampNs,
    action: event.action,
    objectType: event.objectType,
    username: event.username,
    ip: event.ip,
    objectName: event.objectName,
    objectData: event.objectData,
    role: event.role,
  };
}

export function fromWireProviderEvent(event: WireProviderEvent): ProviderEvent {
  return {
    timestampNs: event.timestamp,
    action: event.action,
    objectType: event.objectType,
    objectName: event.objectName,
    username: event.username,
    ip: event.ip,
    role: event.role,
    // Decoded bytes are a view of the receive buffer, which is used again; the event may be kept for ever. (It is a
    // Buffer, whose slice() would be a view, too.)
    objectData: new Uint8Array(event.objectData),
  };
}

export function toWireLogEvent(event: LogEvent): WireLogEvent {
  return {
    timestamp: event.timestampNs,
    event: event.event,
    username: event.username,
    protocol: event.protocol,
    ip: event.ip,
    message: event.message,
    role: event.role,
  };
}

export function fromWireLogEvent(event: WireLogEvent): LogEvent {
  return {
    timestampNs: event.timestamp,
    event: event.event,
    username: event.username,
    protocol: event.protocol,
    ip: event.ip,
    message: event.message,
    role: event.role,
  };
}

const noMetadata: ReadonlyMap<string, string> = new Map();

function toWireMetadata(metadata: Readonly<Record<string, string>>): Map<string, string> {
  for (const _ in metadata) return new Map(Object.entries(metadata));
  // The encoder only iterates, so all events without metadata may share one map.
  return noMetadata as Map<string, string>;
}

/** Keys come from outside: without a prototype, `__proto__` is a key like any other. */
function fromWireMetadata(metadata: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const record = Object.create(null) as Record<string, string>;
  for (const [key, value] of metadata) record[key] = value;
  return record;
}

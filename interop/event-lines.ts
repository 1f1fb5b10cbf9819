import { readFile } from "node:fs/promises";
import type { FsEvent, LogEvent, ProviderEvent } from "@fairlead/plugin-sdk";

/** An event of any kind. */
export type AnyEvent = { readonly fs: FsEvent } | { readonly provider: ProviderEvent } | { readonly log: LogEvent };

/** One event as the Go programs write it (`internal/eventjson`): sdk names, 64-bit integers as strings. */
export function formatEventLine(event: AnyEvent): string {
  if ("fs" in event) return JSON.stringify({ fs: fsToJson(event.fs) });
  if ("provider" in event) return JSON.stringify({ provider: providerToJson(event.provider) });
  return JSON.stringify({ log: logToJson(event.log) });
}

/** The lines of a file written by a recording plugin, parsed; none when there is no file yet. */
export async function readEventLines(file: string): Promise<unknown[]> {
  try {
    const text = await readFile(file, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map(parseEventLine);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

/** What {@link formatEventLine} writes, and Go likewise, as a value to compare. A nil map or slice of Go is an empty one. */
export function parseEventLine(line: string): unknown {
  const event = JSON.parse(line) as { fs?: { metadata: unknown }; provider?: { object_data: unknown } };
  if (event.fs !== undefined) event.fs.metadata ??= {};
  if (event.provider !== undefined) event.provider.object_data ??= "";
  return event;
}

function fsToJson(event: FsEvent): object {
  return {
    action: event.action,
    username: event.username,
    path: event.path,
    target_path: event.targetPath,
    virtual_path: event.virtualPath,
    virtual_target_path: event.virtualTargetPath,
    ssh_cmd: event.sshCmd,
    file_size: String(event.fileSizeBytes),
    fs_provider: event.fsProvider,
    bucket: event.bucket,
    endpoint: event.endpoint,
    status: event.status,
    protocol: event.protocol,
    ip: event.ip,
    session_id: event.sessionId,
    timestamp: String(event.timestampNs),
    open_flags: event.openFlags,
    role: event.role,
    elapsed: String(event.elapsedMs),
    metadata: event.metadata,
  };
}

function providerToJson(event: ProviderEvent): object {
  return {
    action: event.action,
    username: event.username,
    object_type: event.objectType,
    object_name: event.objectName,
    ip: event.ip,
    object_data: Buffer.from(event.objectData).toString("base64"),
    timestamp: String(event.timestampNs),
    role: event.role,
  };
}

function logToJson(event: LogEvent): object {
  return {
    timestamp: String(event.timestampNs),
    event: event.event,
    protocol: event.protocol,
    username: event.username,
    ip: event.ip,
    message: event.message,
    role: event.role,
  };
}

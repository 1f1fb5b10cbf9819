import type { LogFields } from "@fairlead/go-plugin";
import type { HostEvent } from "../host-event.ts";

/** An event in a log line: enough to find it, whatever became of it. */
export function describeEvent({ kind, event }: HostEvent): LogFields {
  const { username } = event;
  if (kind === "fs") return { kind, action: event.action, username, virtualPath: event.virtualPath };
  if (kind === "log") return { kind, action: String(event.event), username, ip: event.ip };
  return { kind, action: event.action, username, objectType: event.objectType, objectName: event.objectName };
}

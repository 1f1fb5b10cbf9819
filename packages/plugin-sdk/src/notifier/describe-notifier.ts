import type { PluginSelfDescription } from "../serve/run-by-hand.ts";
import { LogEventType } from "./events.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";

/** The configuration that sends a plugin all it has handlers for, and nothing else. */
export function describeNotifier(handlers: NotifierHandlers | undefined): PluginSelfDescription {
  const plugin: { readonly [Name in keyof NotifierHandlers]?: unknown } = handlers ?? everyHandler;
  const handlesNothing = !plugin.onFsEvent && !plugin.onProviderEvent && !plugin.onLogEvent;
  return {
    type: "notifier",
    purpose: "is told about what happens on the server: files, logins, changed users",
    ...(handlesNothing && {
      missing:
        "It has no handlers yet, and a server refuses a notifier without events: give onFsEvent, onProviderEvent or " +
        "onLogEvent to serveNotifier().",
    }),
    options: {
      notifier_options: {
        ...(plugin.onFsEvent !== undefined && { fs_events: fsActions }),
        ...(plugin.onProviderEvent !== undefined && {
          provider_events: ["add", "update", "delete"],
          provider_objects: providerObjects,
        }),
        ...(plugin.onLogEvent !== undefined && { log_events: Object.values(LogEventType) }),
        retry_max_time: 60,
      },
    },
  };
}

const everyHandler = { onFsEvent: true, onProviderEvent: true, onLogEvent: true };

const fsActions = [
  "download",
  "first-download",
  "upload",
  "first-upload",
  "delete",
  "rename",
  "mkdir",
  "rmdir",
  "copy",
  "ssh_cmd",
];

const providerObjects = [
  "user",
  "folder",
  "group",
  "admin",
  "api_key",
  "share",
  "event_action",
  "event_rule",
  "role",
  "ip_list_entry",
  "configs",
];

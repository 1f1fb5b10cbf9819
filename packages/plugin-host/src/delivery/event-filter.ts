import type { NotifierOptions } from "../config/plugin-config.ts";
import type { HostEvent } from "../host-event.ts";

/** Decides which events a notifier gets. Names are compared as they are. */
export interface EventFilter {
  wants(event: HostEvent): boolean;
  wantsFs(action: string): boolean;
  wantsProvider(action: string, objectType: string): boolean;
  wantsLog(event: number): boolean;
}

export function createEventFilter(options: NotifierOptions): EventFilter {
  const fsEvents = new Set(options.fsEvents);
  const providerEvents = new Set(options.providerEvents);
  const providerObjects = new Set(options.providerObjects);
  const logEvents = new Set(options.logEvents);
  const wantsProvider = (action: string, objectType: string): boolean =>
    providerEvents.has(action) && providerObjects.has(objectType);
  return {
    wants({ kind, event }) {
      if (kind === "fs") return fsEvents.has(event.action);
      return kind === "log" ? logEvents.has(event.event) : wantsProvider(event.action, event.objectType);
    },
    wantsFs: (action) => fsEvents.has(action),
    wantsProvider,
    wantsLog: (event) => logEvents.has(event),
  };
}

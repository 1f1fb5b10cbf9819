import { LogEventType } from "@fairlead/plugin-sdk/client";
import type { HostEvent } from "../host-event.ts";

/** An event that takes no account to cause: a login that failed, or was not even tried. */
export function isFailedLogin({ kind, event }: HostEvent): boolean {
  return kind === "log" && event.event !== LogEventType.loginOk;
}

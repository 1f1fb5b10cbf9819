import type { HostEvent } from "../host-event.ts";
import { isFailedLogin } from "./failed-login.ts";

/** Events with one key arrive in order: those of a user; of failed logins, those of an address. */
export function laneKey(event: HostEvent): string {
  return isFailedLogin(event) ? event.event.ip : event.event.username;
}

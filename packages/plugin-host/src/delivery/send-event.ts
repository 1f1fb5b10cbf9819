import type { NotifierClient, SendOptions } from "@fairlead/plugin-sdk/client";
import type { HostEvent } from "../host-event.ts";

/** One call; rejects, never throws. */
export async function sendEvent(client: NotifierClient, event: HostEvent, options: SendOptions): Promise<void> {
  if (event.kind === "fs") return client.sendFsEvent(event.event, options);
  if (event.kind === "provider") return client.sendProviderEvent(event.event, options);
  return client.sendLogEvent(event.event, options);
}

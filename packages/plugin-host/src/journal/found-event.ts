import { laneKey } from "../delivery/lane-key.ts";
import type { HostEvent } from "../host-event.ts";
import { decodeEvent, encodeEvent } from "./event-record.ts";
import type { FoundRow } from "./journal-backend.ts";
import type { JournalPage } from "./journal-stream.ts";

/** Ids travel as gRPC metadata. */
const idPattern = /^[\u0021-\u007e]{1,128}$/;

/** What a row of the file says; without an event when it is none of ours. */
export function readFoundRow({ seq, lane, id, body }: FoundRow): JournalPage["events"][number] {
  const event = body === undefined ? undefined : decodeEvent(body);
  if (event === undefined || id === undefined || !idPattern.test(id)) return { seq, event: undefined };
  return lane === laneKey(event) ? { seq, lane, id, event } : { seq, event: undefined };
}

/** `undefined` for an event with numbers that fit no record; no plugin can be sent it either. */
export function tryEncodeEvent(event: HostEvent): Uint8Array | undefined {
  try {
    return encodeEvent(event);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

import type { HostEvent } from "../host-event.ts";

/** An event's objects, its numbers, and its place in a queue; measured with a lane to each event, the worst case. */
const fixedBytes = 900;

/** JavaScript stores a character in one or two bytes; a memory bound has to assume two. */
const bytesPerCharacter = 2;

const entryBytes = 50;

/** What an event costs while it waits: an upper estimate, cheap enough to make for each one. */
export function estimateEventBytes({ kind, event }: HostEvent): number {
  const texts = fixedBytes + bytesPerCharacter * sumLengths(event);
  if (kind === "fs") return texts + bytesPerCharacter * sumMetadata(event.metadata);
  return kind === "provider" ? texts + event.objectData.byteLength : texts;
}

/** Both sides of each entry, and what an entry costs. */
function sumMetadata(metadata: Readonly<Record<string, string>>): number {
  let sum = 0;
  for (const key in metadata) sum += key.length + (metadata[key]?.length ?? 0) + entryBytes;
  return sum;
}

function sumLengths(fields: object): number {
  let sum = 0;
  for (const key in fields) {
    const value = (fields as Readonly<Record<string, unknown>>)[key];
    if (typeof value === "string") sum += value.length;
  }
  return sum;
}

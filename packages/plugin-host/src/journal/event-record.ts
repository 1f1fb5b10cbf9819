import type { FsEvent, LogEvent, ProviderEvent } from "@fairlead/plugin-sdk/client";
import type { HostEvent } from "../host-event.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";

/** First byte of a record. Another layout takes another number, and this one stays readable. */
const RECORD_VERSION = 1;

type FieldType = "text" | "int32" | "int64" | "bytes" | "texts";

/** The fields of each kind in the order they are written. A field added to an event and forgotten here does not compile. */
const FS_FIELDS = {
  timestampNs: "int64",
  action: "text",
  username: "text",
  path: "text",
  targetPath: "text",
  virtualPath: "text",
  virtualTargetPath: "text",
  sshCmd: "text",
  fileSizeBytes: "int64",
  elapsedMs: "int64",
  status: "int32",
  protocol: "text",
  ip: "text",
  sessionId: "text",
  fsProvider: "int32",
  bucket: "text",
  endpoint: "text",
  openFlags: "int32",
  role: "text",
  metadata: "texts",
} as const satisfies Record<keyof FsEvent, FieldType>;

const PROVIDER_FIELDS = {
  timestampNs: "int64",
  action: "text",
  username: "text",
  objectType: "text",
  objectName: "text",
  objectData: "bytes",
  ip: "text",
  role: "text",
} as const satisfies Record<keyof ProviderEvent, FieldType>;

const LOG_FIELDS = {
  timestampNs: "int64",
  event: "int32",
  username: "text",
  protocol: "text",
  ip: "text",
  message: "text",
  role: "text",
} as const satisfies Record<keyof LogEvent, FieldType>;

const KINDS: readonly (readonly [kind: HostEvent["kind"], fields: readonly (readonly [string, FieldType])[]])[] = [
  ["fs", Object.entries(FS_FIELDS)],
  ["provider", Object.entries(PROVIDER_FIELDS)],
  ["log", Object.entries(LOG_FIELDS)],
];

/**
 * An event as the journal keeps it: version, kind, then the fields one after the other, texts and bytes with their length.
 * Throws RangeError for a number that does not fit 64 bits.
 */
export function encodeEvent({ kind, event }: HostEvent): Uint8Array {
  const index = KINDS.findIndex(([name]) => name === kind);
  const values = event as unknown as Readonly<Record<string, unknown>>;
  const writer = new RecordWriter();
  writer.byte(RECORD_VERSION);
  writer.byte(index);
  for (const [name, type] of KINDS[index]![1]) writeField(writer, type, values[name]);
  return writer.finish();
}

/** The event of a record; `undefined` when the bytes are none, whatever they are. */
export function decodeEvent(bytes: Uint8Array): HostEvent | undefined {
  try {
    const reader = new RecordReader(bytes);
    if (reader.byte() !== RECORD_VERSION) return undefined;
    const [kind, fields] = KINDS[reader.byte()] ?? [];
    if (kind === undefined || fields === undefined) return undefined;
    const event: Record<string, unknown> = {};
    for (const [name, type] of fields) event[name] = readField(reader, type);
    // The table above gives each kind its fields and their types.
    return reader.isAtEnd ? ({ kind, event } as unknown as HostEvent) : undefined;
  } catch (error) {
    // What the reader throws for bytes that are missing or are no text.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function writeField(writer: RecordWriter, type: FieldType, value: unknown): void {
  if (type === "text") writer.text(value as string);
  else if (type === "int32") writer.int32(value as number);
  else if (type === "int64") writer.int64(value as bigint);
  else if (type === "bytes") writer.bytes(value as Uint8Array);
  else writer.texts(value as Readonly<Record<string, string>>);
}

function readField(reader: RecordReader, type: FieldType): unknown {
  if (type === "text") return reader.text();
  if (type === "int32") return reader.int32();
  if (type === "int64") return reader.int64();
  if (type === "bytes") return reader.bytes();
  return reader.texts();
}

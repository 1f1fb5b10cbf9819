import type { LiteralFields } from "../connection/literal-field.ts";
import type { HeaderList } from "../connection/header-list.ts";
import { isMetadataEntry, Metadata, type MetadataValue } from "../metadata.ts";

/** Names that belong to gRPC or HTTP/2: never sent from metadata, never shown in it. */
const RESERVED: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "content-type",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** `grpc-status-details-bin` is metadata by tradition: it carries the rich error model. */
function isReserved(name: string): boolean {
  return RESERVED.has(name) || (name.startsWith("grpc-") && name !== "grpc-status-details-bin");
}

/** Adds what may be sent. Everything counts as secret: metadata carries tokens, and tables can be probed. */
export function addWireMetadata(
  fields: LiteralFields,
  metadata: Iterable<readonly [string, MetadataValue]>,
): LiteralFields {
  for (const [name, value] of metadata) {
    if (isReserved(name) || name === "user-agent") continue;
    fields.add(name, typeof value === "string" ? value : toUnpaddedBase64(value), true);
  }
  return fields;
}

/** What of a header list is metadata; entries that are none by gRPC's rules are left out. */
export function fromWireMetadata(list: HeaderList): Metadata {
  const metadata = new Metadata();
  for (const { name, value } of list.fields) {
    if (name.startsWith(":") || isReserved(name)) continue;
    // Several binary values may be joined with commas (gRPC over HTTP/2, Custom-Metadata).
    const values = name.endsWith("-bin") ? value.split(",").map((part) => Buffer.from(part.trim(), "base64")) : [value];
    for (const item of values) if (isMetadataEntry(name, item)) metadata.append(name, item);
  }
  return metadata;
}

function toUnpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64").replace(/=+$/, "");
}

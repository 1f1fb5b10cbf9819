import { encodeStatusMessage } from "../calls/status-message.ts";
import { addWireMetadata } from "../calls/wire-metadata.ts";
import type { HeaderWriter } from "../connection/header-writer.ts";
import { LiteralFields } from "../connection/literal-field.ts";
import { GrpcError } from "../grpc-error.ts";
import type { HeaderField } from "../hpack/index.ts";
import { ACCEPTED_ENCODINGS } from "../messages/gzip.ts";
import type { Metadata } from "../metadata.ts";
import { toWireStatus, type StatusCode } from "../status.ts";

/** A header block in two parts: what repeats, and what varies. */
export interface ResponseBlock {
  readonly block: Uint8Array;
  readonly more: Uint8Array | undefined;
}

/** Room for the fixed fields of a response in the client's header list limit. */
const FIXED_LIST_BYTES = 512;
const OK_FIELDS: readonly HeaderField[] = [
  { name: ":status", value: "200" },
  { name: "content-type", value: "application/grpc" },
];
/** Clients that could pack learn from the first answer that they may. */
const HEAD: readonly HeaderField[] = [...OK_FIELDS, { name: "grpc-accept-encoding", value: ACCEPTED_ENCODINGS }];
const PACKED_HEAD: readonly HeaderField[] = [...HEAD, { name: "grpc-encoding", value: "gzip" }];
const headFields = (): readonly HeaderField[] => HEAD;
const packedHeadFields = (): readonly HeaderField[] => PACKED_HEAD;
const trailerFields = (key: string): readonly HeaderField[] => [statusField(key.slice("trailers ".length))];
const trailersOnlyFields = (key: string): readonly HeaderField[] => [
  ...OK_FIELDS,
  statusField(key.slice("trailers-only ".length)),
];
const httpFields = (key: string): readonly HeaderField[] => [
  { name: ":status", value: key.slice("http ".length) },
  { name: "content-type", value: "text/plain; charset=utf-8" },
];

/** The header blocks of a server's responses. Each result is to be sent before the next is asked for. */
export class ResponseHeaders {
  readonly #writer: HeaderWriter;

  constructor(writer: HeaderWriter) {
    this.#writer = writer;
  }

  /** @throws {GrpcError} RESOURCE_EXHAUSTED when the metadata is more than the client takes. */
  head(metadata: Metadata | undefined, isPacked: boolean, maxListBytes: number): ResponseBlock {
    const more = metadata === undefined ? undefined : addWireMetadata(new LiteralFields(), metadata);
    if (more !== undefined && more.listBytes + FIXED_LIST_BYTES > maxListBytes) {
      throw new GrpcError("RESOURCE_EXHAUSTED", "the headers are larger than the header list the client takes");
    }
    const block = isPacked
      ? this.#writer.block("packed head", packedHeadFields)
      : this.#writer.block("head", headFields);
    return { block, more: more?.encode() };
  }

  trailers(error: GrpcError | undefined, trailers: Metadata | undefined, maxListBytes: number): ResponseBlock {
    const block = this.#writer.block(error === undefined ? "trailers OK" : `trailers ${error.code}`, trailerFields);
    return { block, more: statusDetails(error, trailers, maxListBytes) };
  }

  trailersOnly(error: GrpcError | undefined, trailers: Metadata | undefined, maxListBytes: number): ResponseBlock {
    const block = this.#writer.block(`trailers-only ${error?.code ?? "OK"}`, trailersOnlyFields);
    return { block, more: statusDetails(error, trailers, maxListBytes) };
  }

  httpHead(status: string): Uint8Array {
    return this.#writer.block(`http ${status}`, httpFields);
  }
}

function statusField(code: string): HeaderField {
  return { name: "grpc-status", value: toWireStatus(code as StatusCode) };
}

/** The message and the metadata beside the status; metadata that the client would not take is left out. */
function statusDetails(
  error: GrpcError | undefined,
  trailers: Metadata | undefined,
  maxListBytes: number,
): Uint8Array | undefined {
  if (error === undefined && trailers === undefined) return undefined;
  const message = new LiteralFields();
  if (error !== undefined) {
    message.add("grpc-message", encodeStatusMessage(error.message), false);
    if (error.code === "UNIMPLEMENTED") message.add("grpc-accept-encoding", ACCEPTED_ENCODINGS, false);
  }
  const metadata = new LiteralFields();
  if (trailers !== undefined) addWireMetadata(metadata, trailers);
  if (error !== undefined) addWireMetadata(metadata, error.trailers);
  const fits = message.listBytes + metadata.listBytes + FIXED_LIST_BYTES <= maxListBytes;
  return fits ? Buffer.concat([message.encode(), metadata.encode()]) : message.encode();
}

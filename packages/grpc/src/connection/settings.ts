import {
  DEFAULT_WINDOW_BYTES,
  MAX_FRAME_BYTES,
  MAX_WINDOW_BYTES,
  SETTING_ENABLE_PUSH,
  SETTING_HEADER_TABLE_SIZE,
  SETTING_INITIAL_WINDOW_SIZE,
  SETTING_MAX_CONCURRENT_STREAMS,
  SETTING_MAX_FRAME_SIZE,
  SETTING_MAX_HEADER_LIST_SIZE,
} from "../frames/frame-types.ts";
import { readUint32 } from "../frames/frame-writer.ts";
import { Http2Error } from "../frames/http2-error.ts";

/**
 * How much one stream may send us before we take it off its queue. Large enough that a fast local peer never waits for
 * a WINDOW_UPDATE, small enough that a stream nobody reads costs one MiB.
 */
export const STREAM_WINDOW_BYTES = 1024 * 1024;
/** The window all streams share; credited on receipt, so it only paces the peer and bounds no memory. */
export const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;
/** Decoded header lists, and header blocks as they arrive, are refused above this. */
export const MAX_HEADER_LIST_BYTES = 64 * 1024;
/** The default of SETTINGS_HEADER_TABLE_SIZE, which we do not change. */
export const HEADER_TABLE_BYTES = 4096;
/** Streams a client opens before it has seen the server's SETTINGS; what grpc-go assumes. */
const CONCURRENT_STREAMS_BEFORE_SETTINGS = 100;

/** What the peer asked us to keep to (RFC 9113 §6.5.2). */
export interface PeerSettings {
  headerTableBytes: number;
  maxConcurrentStreams: number;
  initialWindowBytes: number;
  /** Never above what we write anyway. */
  maxFrameBytes: number;
  maxHeaderListBytes: number;
}

export function initialPeerSettings(): PeerSettings {
  return {
    headerTableBytes: HEADER_TABLE_BYTES,
    maxConcurrentStreams: CONCURRENT_STREAMS_BEFORE_SETTINGS,
    initialWindowBytes: DEFAULT_WINDOW_BYTES,
    maxFrameBytes: MAX_FRAME_BYTES,
    maxHeaderListBytes: Number.POSITIVE_INFINITY,
  };
}

export function ownClientSettings(): readonly (readonly [number, number])[] {
  return [
    [SETTING_ENABLE_PUSH, 0],
    [SETTING_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
    [SETTING_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ];
}

export function ownServerSettings(maxConcurrentStreams: number): readonly (readonly [number, number])[] {
  return [
    [SETTING_MAX_CONCURRENT_STREAMS, maxConcurrentStreams],
    [SETTING_INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
    [SETTING_MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
  ];
}

/**
 * Applies one SETTINGS payload to `settings`, in order; unknown ids are ignored.
 *
 * @throws {Http2Error} for values out of range, each with the code RFC 9113 §6.5.2 asks for.
 */
export function applySettings(
  settings: PeerSettings,
  payload: { readonly bytes: Buffer; readonly start: number; readonly end: number },
  peer: "client" | "server",
): void {
  const { bytes, start, end } = payload;
  if ((end - start) % 6 !== 0) throw new Http2Error("FRAME_SIZE_ERROR", "a SETTINGS payload is not a multiple of 6");
  for (let at = start; at < end; at += 6) {
    applySetting(settings, (bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2), peer);
  }
}

function applySetting(settings: PeerSettings, id: number, value: number, peer: "client" | "server"): void {
  switch (id) {
    case SETTING_HEADER_TABLE_SIZE:
      settings.headerTableBytes = value;
      return;
    case SETTING_ENABLE_PUSH:
      // A server must not send 1 (§6.5.2); we never push.
      if (value > 1 || (value === 1 && peer === "server")) throw outOfRange("ENABLE_PUSH", value, "PROTOCOL_ERROR");
      return;
    case SETTING_MAX_CONCURRENT_STREAMS:
      settings.maxConcurrentStreams = value;
      return;
    case SETTING_INITIAL_WINDOW_SIZE:
      if (value > MAX_WINDOW_BYTES) throw outOfRange("INITIAL_WINDOW_SIZE", value, "FLOW_CONTROL_ERROR");
      settings.initialWindowBytes = value;
      return;
    case SETTING_MAX_FRAME_SIZE:
      if (value < 16_384 || value > 0xff_ffff) throw outOfRange("MAX_FRAME_SIZE", value, "PROTOCOL_ERROR");
      settings.maxFrameBytes = Math.min(value, MAX_FRAME_BYTES);
      return;
    case SETTING_MAX_HEADER_LIST_SIZE:
      settings.maxHeaderListBytes = value;
      return;
    default:
  }
}

function outOfRange(name: string, value: number, code: "PROTOCOL_ERROR" | "FLOW_CONTROL_ERROR"): Http2Error {
  return new Http2Error(code, `SETTINGS_${name} of ${value} is out of range`);
}

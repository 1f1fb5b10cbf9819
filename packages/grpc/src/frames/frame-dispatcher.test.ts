import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameDispatcher, type FrameHandler } from "./frame-dispatcher.ts";
import { FrameReader } from "./frame-reader.ts";
import { writeFrameHeader } from "./frame-writer.ts";
import { Http2Error } from "./http2-error.ts";

class Recorder implements FrameHandler {
  readonly acceptsFrames = true;
  readonly calls: unknown[] = [];

  onData(
    streamId: number,
    { bytes, start, end }: { bytes: Buffer; start: number; end: number },
    flowBytes: number,
    isEnd: boolean,
  ): void {
    this.calls.push(["data", streamId, bytes.toString("latin1", start, end), flowBytes, isEnd]);
  }

  onHeaders(
    streamId: number,
    { bytes, start, end }: { bytes: Buffer; start: number; end: number },
    isEnd: boolean,
    dependsOnItself: boolean,
  ): void {
    this.calls.push(["headers", streamId, bytes.toString("latin1", start, end), isEnd, dependsOnItself]);
  }

  onPriority(streamId: number, problem: string | undefined): void {
    this.calls.push(["priority", streamId, problem]);
  }

  onReset(streamId: number, code: string): void {
    this.calls.push(["reset", streamId, code]);
  }

  onSettings(): void {
    this.calls.push(["settings"]);
  }

  onSettingsAck(): void {
    this.calls.push(["settings ack"]);
  }

  onPing(_payload: unknown, isAck: boolean): void {
    this.calls.push(["ping", isAck]);
  }

  onGoaway(lastStreamId: number, code: string, debug: string): void {
    this.calls.push(["goaway", lastStreamId, code, debug]);
  }

  onWindowUpdate(streamId: number, incrementBytes: number): void {
    this.calls.push(["window", streamId, incrementBytes]);
  }

  onUnknownFrame(): void {
    this.calls.push(["unknown"]);
  }
}

function frame(type: number, flags: number, streamId: number, payload: string | number[] = ""): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload, "latin1") : Buffer.from(payload);
  const bytes = Buffer.alloc(9 + body.length);
  writeFrameHeader(bytes, 0, body.length, type, flags, streamId);
  body.copy(bytes, 9);
  return bytes;
}

const SETTINGS = frame(4, 0, 0);

function dispatch(...frames: readonly Buffer[]): unknown[] {
  const recorder = new Recorder();
  new FrameReader(new FrameDispatcher(recorder, 1000)).receive(Buffer.concat([SETTINGS, ...frames]));
  return recorder.calls.slice(1);
}

test("sound frames are handed on without padding and priority", () => {
  const table: readonly (readonly [Buffer, unknown])[] = [
    [frame(0, 1, 3, "body"), ["data", 3, "body", 4, true]],
    [frame(0, 8, 3, [2, 65, 66, 0, 0]), ["data", 3, "AB", 5, false]],
    [frame(1, 4, 3, "block"), ["headers", 3, "block", false, false]],
    [frame(1, 0x2d, 3, [1, 0, 0, 0, 1, 9, 65, 0]), ["headers", 3, "A", true, false]],
    [frame(1, 0x24, 3, [0x80, 0, 0, 3, 9, 65]), ["headers", 3, "A", false, true]],
    [frame(2, 0, 3, [0, 0, 0, 1, 9]), ["priority", 3, undefined]],
    [frame(2, 0, 3, [0, 0, 0, 3, 9]), ["priority", 3, "PROTOCOL_ERROR"]],
    [frame(2, 0, 3, [0, 0, 0, 3]), ["priority", 3, "FRAME_SIZE_ERROR"]],
    [frame(3, 0, 3, [0, 0, 0, 8]), ["reset", 3, "CANCEL"]],
    [frame(3, 0, 3, [0, 0, 1, 0]), ["reset", 3, "INTERNAL_ERROR"]],
    [frame(4, 1, 0), ["settings ack"]],
    [frame(6, 1, 0, "12345678"), ["ping", true]],
    [frame(7, 0, 0, [0x80, 0, 0, 5, 0, 0, 0, 11, 65]), ["goaway", 5, "ENHANCE_YOUR_CALM", "A"]],
    [frame(8, 0, 3, [0x80, 0, 0, 5]), ["window", 3, 5]],
    [frame(0xff, 0xff, 3, "anything"), ["unknown"]],
  ];
  for (const [bytes, call] of table) assert.deepEqual(dispatch(bytes), [call]);
});

test("a header block in pieces is joined", () => {
  assert.deepEqual(dispatch(frame(1, 1, 3, "one "), frame(9, 0, 3, "two "), frame(9, 4, 3, "three")), [
    ["headers", 3, "one two three", true, false],
  ]);
});

test("frames that are wrong in themselves end the connection", () => {
  const table: readonly (readonly [name: string, code: string, frames: readonly Buffer[]])[] = [
    ["DATA without a stream", "PROTOCOL_ERROR", [frame(0, 0, 0)]],
    ["HEADERS without a stream", "PROTOCOL_ERROR", [frame(1, 4, 0)]],
    ["PRIORITY without a stream", "PROTOCOL_ERROR", [frame(2, 0, 0, "12345")]],
    ["RST_STREAM without a stream", "PROTOCOL_ERROR", [frame(3, 0, 0, "1234")]],
    ["SETTINGS on a stream", "PROTOCOL_ERROR", [frame(4, 0, 1)]],
    ["PING on a stream", "PROTOCOL_ERROR", [frame(6, 0, 1, "12345678")]],
    ["GOAWAY on a stream", "PROTOCOL_ERROR", [frame(7, 0, 1, "12345678")]],
    ["PUSH_PROMISE", "PROTOCOL_ERROR", [frame(5, 4, 1, "1234")]],
    ["padding as long as the payload", "PROTOCOL_ERROR", [frame(0, 8, 1, [1])]],
    ["padding in an empty frame", "FRAME_SIZE_ERROR", [frame(0, 8, 1)]],
    ["HEADERS shorter than its priority", "FRAME_SIZE_ERROR", [frame(1, 0x24, 1, "1234")]],
    ["RST_STREAM of 3", "FRAME_SIZE_ERROR", [frame(3, 0, 1, "123")]],
    ["SETTINGS ACK with a payload", "FRAME_SIZE_ERROR", [frame(4, 1, 0, "123456")]],
    ["PING of 7", "FRAME_SIZE_ERROR", [frame(6, 0, 0, "1234567")]],
    ["GOAWAY of 7", "FRAME_SIZE_ERROR", [frame(7, 0, 0, "1234567")]],
    ["WINDOW_UPDATE of 5", "FRAME_SIZE_ERROR", [frame(8, 0, 0, "12345")]],
    ["CONTINUATION of nothing", "PROTOCOL_ERROR", [frame(9, 4, 1)]],
    ["a block interrupted by DATA", "PROTOCOL_ERROR", [frame(1, 0, 1), frame(0, 0, 1)]],
    ["a block interrupted by another stream", "PROTOCOL_ERROR", [frame(1, 0, 1), frame(9, 4, 3)]],
    ["a block without end", "ENHANCE_YOUR_CALM", [frame(1, 0, 1, "x".repeat(600)), frame(9, 0, 1, "x".repeat(600))]],
    [
      "CONTINUATION without end",
      "ENHANCE_YOUR_CALM",
      [frame(1, 0, 1), ...Array.from({ length: 99 }, () => frame(9, 0, 1))],
    ],
  ];
  for (const [name, code, frames] of table) {
    assert.throws(
      () => dispatch(...frames),
      (error) => error instanceof Http2Error && error.code === code,
      name,
    );
  }
});

test("the first frame must be SETTINGS", () => {
  for (const first of [frame(6, 0, 0, "12345678"), frame(4, 1, 0)]) {
    const reader = new FrameReader(new FrameDispatcher(new Recorder(), 1000));
    assert.throws(() => reader.receive(first), { code: "PROTOCOL_ERROR" });
  }
});

test("a frame that is too long is refused before it has arrived", () => {
  const reader = new FrameReader(new FrameDispatcher(new Recorder(), 1000));
  for (const octet of [0, 0x40, 1]) reader.receive(Buffer.from([octet]));
  assert.throws(() => reader.receive(Buffer.alloc(6)), { code: "FRAME_SIZE_ERROR" });
});

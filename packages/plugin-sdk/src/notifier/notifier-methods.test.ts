import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readWireFields } from "../../test/wire-fields.ts";
import type { FsEvent, LogEvent, ProviderEvent } from "./events.ts";
import { notifierMethods } from "./notifier-methods.ts";

/** What a running SFTPGo sent, with its own field names. */
interface RecordedRequest {
  readonly situation: string;
  readonly method: string;
  readonly request: Readonly<Record<string, string | number | Readonly<Record<string, string>>>>;
}

const recordings = readFileSync(`${import.meta.dirname}/../../testdata/notifier-requests.jsonl`, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as RecordedRequest);

/** Field numbers of SFTPGo's SDK, by name; `metadata` apart. */
const fsFields = {
  timestamp: 1,
  action: 2,
  username: 3,
  fs_path: 4,
  fs_target_path: 5,
  ssh_cmd: 6,
  file_size: 7,
  protocol: 8,
  status: 9,
  ip: 10,
  virtual_path: 11,
  virtual_target_path: 12,
  session_id: 13,
  fs_provider: 14,
  bucket: 15,
  endpoint: 16,
  open_flags: 17,
  role: 18,
  elapsed: 19,
};
const providerFields = {
  timestamp: 1,
  action: 2,
  object_type: 3,
  username: 4,
  ip: 5,
  object_name: 6,
  object_data: 7,
  role: 8,
};
const logFields = { timestamp: 1, event: 2, username: 3, protocol: 4, ip: 5, message: 6, role: 7 };

test("recorded file events travel under SFTPGo's field numbers and come back whole", () => {
  for (const recorded of recordingsOf("/proto.Notifier/SendFsEvent")) {
    const event = readFsEvent(recorded.request);
    const bytes = notifierMethods.sendFsEvent.request.encode(event);
    assert.deepEqual(readWireFields(bytes), expectedFields(recorded, fsFields), recorded.situation);
    assert.deepEqual(plain(notifierMethods.sendFsEvent.request.decode(bytes)), event, recorded.situation);
  }
});

test("recorded provider events travel under SFTPGo's field numbers and come back whole", () => {
  for (const recorded of recordingsOf("/proto.Notifier/SendProviderEvent")) {
    const event = readProviderEvent(recorded.request);
    const bytes = notifierMethods.sendProviderEvent.request.encode(event);
    assert.deepEqual(readWireFields(bytes), expectedFields(recorded, providerFields), recorded.situation);
    assert.deepEqual(notifierMethods.sendProviderEvent.request.decode(bytes), event, recorded.situation);
  }
});

test("recorded log events travel under SFTPGo's field numbers and come back whole", () => {
  for (const recorded of recordingsOf("/proto.Notifier/SendLogEvent")) {
    const event = readLogEvent(recorded.request);
    const bytes = notifierMethods.sendLogEvent.request.encode(event);
    assert.deepEqual(readWireFields(bytes), expectedFields(recorded, logFields), recorded.situation);
    assert.deepEqual(notifierMethods.sendLogEvent.request.decode(bytes), event, recorded.situation);
  }
});

test("every method has its path in SFTPGo's service, and answers with the empty message", () => {
  const paths = Object.values(notifierMethods).map(({ path }) => path);
  assert.deepEqual(paths, [
    "/proto.Notifier/SendFsEvent",
    "/proto.Notifier/SendProviderEvent",
    "/proto.Notifier/SendLogEvent",
  ]);
  const { response } = notifierMethods.sendFsEvent;
  assert.equal(response.encode(undefined).length, 0);
  assert.equal(response.decode(Uint8Array.of(0x08, 0x01)), undefined);
});

test("truncated bytes are refused, wherever they end", () => {
  const [recorded] = recordingsOf("/proto.Notifier/SendFsEvent");
  assert.ok(recorded);
  const codec = notifierMethods.sendFsEvent.request;
  const bytes = codec.encode({ ...readFsEvent(recorded.request), metadata: { key: "value" } });
  for (let length = 1; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    try {
      codec.decode(cut);
    } catch (error) {
      assert.ok(error instanceof RangeError, String(error));
    }
  }
});

function recordingsOf(method: string): readonly RecordedRequest[] {
  const found = recordings.filter((recorded) => recorded.method === method);
  assert.notEqual(found.length, 0);
  return found;
}

/** proto3 leaves zero values out. */
function expectedFields(
  { request }: RecordedRequest,
  numbers: Readonly<Record<string, number>>,
): Map<number, bigint | Uint8Array> {
  const texts = new TextEncoder();
  const integers = new Set(["timestamp", "file_size", "elapsed", "status", "fs_provider", "open_flags", "event"]);
  const fields = new Map<number, bigint | Uint8Array>();
  for (const [name, number] of Object.entries(numbers)) {
    const value = readerOf(request)(name);
    if (integers.has(name) && value !== "0") fields.set(number, BigInt(value));
    if (!integers.has(name) && value !== "") fields.set(number, texts.encode(value));
  }
  return fields;
}

function plain(event: FsEvent): FsEvent {
  return { ...event, metadata: { ...event.metadata } };
}

function readerOf(request: RecordedRequest["request"]): (name: string) => string {
  return (name) => {
    const value = request[name];
    return typeof value === "object" ? assert.fail(`${name} is no scalar`) : String(value);
  };
}

function readFsEvent(request: RecordedRequest["request"]): FsEvent {
  const text = readerOf(request);
  return {
    timestampNs: BigInt(text("timestamp")),
    action: text("action"),
    username: text("username"),
    path: text("fs_path"),
    targetPath: text("fs_target_path"),
    virtualPath: text("virtual_path"),
    virtualTargetPath: text("virtual_target_path"),
    sshCmd: text("ssh_cmd"),
    fileSizeBytes: BigInt(text("file_size")),
    elapsedMs: BigInt(text("elapsed")),
    status: Number(request["status"]),
    protocol: text("protocol"),
    ip: text("ip"),
    sessionId: text("session_id"),
    fsProvider: Number(request["fs_provider"]),
    bucket: text("bucket"),
    endpoint: text("endpoint"),
    openFlags: Number(request["open_flags"]),
    role: text("role"),
    metadata: request["metadata"] as Readonly<Record<string, string>>,
  };
}

function readProviderEvent(request: RecordedRequest["request"]): ProviderEvent {
  const text = readerOf(request);
  return {
    timestampNs: BigInt(text("timestamp")),
    action: text("action"),
    objectType: text("object_type"),
    objectName: text("object_name"),
    username: text("username"),
    ip: text("ip"),
    role: text("role"),
    objectData: new TextEncoder().encode(text("object_data")),
  };
}

function readLogEvent(request: RecordedRequest["request"]): LogEvent {
  const text = readerOf(request);
  return {
    timestampNs: BigInt(text("timestamp")),
    event: Number(request["event"]),
    username: text("username"),
    protocol: text("protocol"),
    ip: text("ip"),
    message: text("message"),
    role: text("role"),
  };
}

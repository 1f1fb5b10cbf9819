import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginSdkError } from "../plugin-sdk-error.ts";
import { fsEventColumns, providerEventColumns } from "./columns.ts";
import { formatRows } from "./format-rows.ts";
import { parseFsEvents, parseLogEvents, parseProviderEvents } from "./parse-rows.ts";

const bytes = (json: string): Uint8Array => Buffer.from(json);

const emptyFsRow = {
  id: "",
  timestampNs: 0n,
  action: "",
  username: "",
  path: "",
  targetPath: "",
  virtualPath: "",
  virtualTargetPath: "",
  sshCmd: "",
  fileSizeBytes: 0n,
  elapsedMs: 0n,
  status: 0,
  protocol: "",
  ip: "",
  sessionId: "",
  fsProvider: 0,
  bucket: "",
  endpoint: "",
  openFlags: 0,
  role: "",
  instanceId: "",
};

test("answers that a real SFTPGo was given are read", () => {
  const [rename] = parseFsEvents(
    bytes(
      '[{"id": "id2", "timestamp": 1700000000000000002, "action": "rename", "username": "u", "fs_path": "/home/u/f", ' +
        '"virtual_path": "/f", "file_size": 5242880, "elapsed": 65001, "status": 3, "protocol": "SFTP", ' +
        '"ip": "127.0.0.1", "session_id": "SFTP_x_1", "fs_provider": 0, "instance_id": "inst", "role": "r", ' +
        '"virtual_target_path": "/g", "fs_target_path": "/home/u/g"}]',
    ),
  );
  assert.deepEqual(rename, {
    ...emptyFsRow,
    id: "id2",
    timestampNs: 1_700_000_000_000_000_002n,
    action: "rename",
    username: "u",
    path: "/home/u/f",
    targetPath: "/home/u/g",
    virtualPath: "/f",
    virtualTargetPath: "/g",
    fileSizeBytes: 5_242_880n,
    elapsedMs: 65_001n,
    status: 3,
    protocol: "SFTP",
    ip: "127.0.0.1",
    sessionId: "SFTP_x_1",
    instanceId: "inst",
    role: "r",
  });
  const [added] = parseProviderEvents(
    bytes(
      '[{"id": "p1", "timestamp": 1700000000000000000, "action": "add", "username": "admin", "ip": "127.0.0.1", ' +
        '"object_type": "user", "object_name": "u", "object_data": "eyJhIjoxfQ==", "role": "", "instance_id": "i"}]',
    ),
  );
  assert.equal(Buffer.from(added?.objectData ?? []).toString(), '{"a":1}');
  const [, login] = parseLogEvents(
    bytes(
      '[{"id": "l1", "timestamp": 1700000000000000000, "event": 1, "protocol": "SSH", "username": "u", ' +
        '"ip": "127.0.0.1", "message": "bad", "role": "", "instance_id": "i"}, {"id": "l2", ' +
        '"timestamp": 1700000000000000001, "event": 5, "protocol": "HTTP", "username": "u", "ip": "127.0.0.1", ' +
        '"message": "", "role": "", "instance_id": "i"}]',
    ),
  );
  assert.deepEqual([login?.id, login?.timestampNs, login?.event], ["l2", 1_700_000_000_000_000_001n, 5]);
});

test("rows come back as they went", () => {
  const fsRow = {
    ...emptyFsRow,
    id: "<&>\u2028",
    timestampNs: -(2n ** 63n),
    fileSizeBytes: 2n ** 63n - 1n,
    openFlags: -1,
  };
  assert.deepEqual(parseFsEvents(formatRows([fsRow], fsEventColumns)), [fsRow]);
  const objectData = Uint8Array.from({ length: 256 }, (_, index) => index);
  const row = { ...emptyFsRow, objectType: "", objectName: "", objectData };
  assert.deepEqual(parseProviderEvents(formatRows([row], providerEventColumns))[0]?.objectData, objectData);
});

test("null is no rows, missing and null fields are empty, unknown ones are not looked at", () => {
  assert.deepEqual(parseFsEvents(bytes("null")), []);
  assert.deepEqual(parseFsEvents(bytes("[]")), []);
  assert.deepEqual(parseFsEvents(bytes('[{"id":null,"status":null,"file_size":null,"more":[1,{"a":2}]}]')), [
    emptyFsRow,
  ]);
});

test("names that objects have of themselves are nothing special", () => {
  const [row] = parseFsEvents(bytes('[{"__proto__":{"id":"x","action":"y"},"constructor":"z"}]'));
  assert.deepEqual(row, emptyFsRow);
});

test("anything else is refused", () => {
  for (const json of [
    "",
    "text",
    '{"a":1}',
    "1",
    "[1]",
    "[null]",
    "[[]]",
    '[{"id":1}]',
    '[{"timestamp":"1"}]',
    '[{"timestamp":1.5}]',
    '[{"timestamp":1e3}]',
    '[{"timestamp":9223372036854775808}]',
    `[{"timestamp":${"9".repeat(100_000)}}]`,
    '[{"status":2147483648}]',
    '[{"file_size":{}}]',
    "[".repeat(1_000_000),
    `${"[".repeat(100_000)}${"]".repeat(100_000)}`,
  ]) {
    assert.throws(
      () => parseFsEvents(bytes(json)),
      (error) => PluginSdkError.is(error, "ERR_EVENTS_MALFORMED"),
      json.slice(0, 50),
    );
  }
  assert.throws(() => parseFsEvents(Uint8Array.of(0x5b, 0xff, 0x5d)), /is no JSON/);
  for (const data of ["eyJhIjoxfQ", "a", "!!!!", "eyJh IjoxfQ=="]) {
    assert.throws(() => parseProviderEvents(bytes(`[{"object_data":${JSON.stringify(data)}}]`)), /object_data/);
  }
});

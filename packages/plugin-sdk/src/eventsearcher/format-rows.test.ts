import assert from "node:assert/strict";
import { test } from "node:test";
import { fsEventColumns, logEventColumns, providerEventColumns } from "./columns.ts";
import { formatRows } from "./format-rows.ts";
import type { FsEventRow, LogEventRow, ProviderEventRow } from "./rows.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

const fsRow: FsEventRow = {
  id: "id0",
  timestampNs: 1_700_000_000_000_000_001n,
  action: "upload",
  username: "u",
  path: "/home/u/f",
  virtualPath: "/f",
  status: 1,
  protocol: "SFTP",
  sessionId: "SFTP_x_1",
  fsProvider: 0,
};

test("a file event has the names and the order of SFTPGo's own searcher, and no more than it must", () => {
  assert.equal(
    text(formatRows([fsRow], fsEventColumns)),
    '[{"id":"id0","timestamp":1700000000000000001,"action":"upload","username":"u","fs_path":"/home/u/f",' +
      '"virtual_path":"/f","status":1,"protocol":"SFTP","session_id":"SFTP_x_1","fs_provider":0}]',
  );
});

test("a file event with everything has everything in order", () => {
  const row: Required<FsEventRow> = {
    ...fsRow,
    targetPath: "/home/u/g",
    virtualTargetPath: "/g",
    sshCmd: "cp",
    fileSizeBytes: 2n ** 63n - 1n,
    elapsedMs: 7n,
    ip: "::1",
    bucket: "b",
    endpoint: "e",
    openFlags: 577,
    role: "r",
    instanceId: "i",
  };
  assert.equal(
    text(formatRows([row], fsEventColumns)),
    '[{"id":"id0","timestamp":1700000000000000001,"action":"upload","username":"u","fs_path":"/home/u/f",' +
      '"fs_target_path":"/home/u/g","virtual_path":"/f","virtual_target_path":"/g","ssh_cmd":"cp",' +
      '"file_size":9223372036854775807,"elapsed":7,"status":1,"protocol":"SFTP","ip":"::1","session_id":"SFTP_x_1",' +
      '"fs_provider":0,"bucket":"b","endpoint":"e","open_flags":577,"role":"r","instance_id":"i"}]',
  );
});

test("a provider event has its object as base64", () => {
  const row: ProviderEventRow = {
    id: "p1",
    timestampNs: 1n,
    action: "add",
    username: "admin",
    ip: "127.0.0.1",
    objectType: "user",
    objectName: "u",
    objectData: Buffer.from('{"a":1}').subarray(),
    role: "r",
    instanceId: "i",
  };
  assert.equal(
    text(formatRows([row], providerEventColumns)),
    '[{"id":"p1","timestamp":1,"action":"add","username":"admin","ip":"127.0.0.1","object_type":"user",' +
      '"object_name":"u","object_data":"eyJhIjoxfQ==","role":"r","instance_id":"i"}]',
  );
  const { objectData: _, ...without } = row;
  assert.doesNotMatch(text(formatRows([without], providerEventColumns)), /object_data/);
  assert.doesNotMatch(
    text(formatRows([{ ...row, objectData: new Uint8Array() }], providerEventColumns)),
    /object_data/,
  );
});

test("a log event has no more than its number without its details", () => {
  const row: LogEventRow = { id: "l1", timestampNs: 1n, event: 5 };
  assert.equal(text(formatRows([row], logEventColumns)), '[{"id":"l1","timestamp":1,"event":5}]');
  assert.equal(
    text(formatRows([{ ...row, protocol: "SSH", username: "u", ip: "i", message: "m" }], logEventColumns)),
    '[{"id":"l1","timestamp":1,"event":5,"protocol":"SSH","username":"u","ip":"i","message":"m"}]',
  );
});

test("nothing found is an empty array", () => {
  assert.equal(text(formatRows([], fsEventColumns)), "[]");
});

test("text is escaped as Go's encoder does", () => {
  // Go 1.26: json.Marshal of the same characters; where it has the byte 255, here is half a character.
  const half = String.fromCharCode(0xd800);
  const id = `a<b>&"\\/\u2028\u2029\u0000\u001f\b\f\n\r\t\u007f${half}\u{1f600}\u00e9`;
  assert.equal(
    text(formatRows([{ id, timestampNs: 0n, event: 0 }], logEventColumns)),
    '[{"id":"a\\u003cb\\u003e\\u0026\\"\\\\/\\u2028\\u2029\\u0000\\u001f\\b\\f\\n\\r\\t\u007f\ufffd\u{1f600}\u00e9",' +
      '"timestamp":0,"event":0}]',
  );
});

test("a row of an event that a notifier was given may have more than is stored", () => {
  const event = { ...fsRow, metadata: { key: "value" } };
  assert.equal(text(formatRows([event], fsEventColumns)), text(formatRows([fsRow], fsEventColumns)));
});

test("what a field cannot hold is said, with its row", () => {
  for (const [changes, message] of [
    [{ timestampNs: 1 }, "row 1 of what a search found: timestampNs is the number 1, not a bigint of 64 bits"],
    [{ timestampNs: 2n ** 63n }, "timestampNs is the bigint 9223372036854775808, not a bigint of 64 bits"],
    [{ status: 1.5 }, "status is the number 1.5, not a 32-bit integer"],
    [{ status: Number.NaN }, "status is the number NaN, not a 32-bit integer"],
    [{ status: 1n }, "status is the bigint 1, not a 32-bit integer"],
    [{ username: undefined }, "username is undefined, not a string"],
    [{ username: null }, "username is null, not a string"],
    [{ role: ["a"] }, "role is an array, not a string"],
    [{ fileSizeBytes: "5" }, "fileSizeBytes is of type string, not a bigint of 64 bits"],
  ] as const) {
    const rows = [fsRow, { ...fsRow, ...changes } as unknown as FsEventRow];
    assert.throws(
      () => formatRows(rows, fsEventColumns),
      (error) => error instanceof TypeError && error.message.endsWith(message),
      message,
    );
  }
  assert.throws(() => formatRows(undefined as unknown as [], fsEventColumns), /found undefined, not an array of rows/);
});

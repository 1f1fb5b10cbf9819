import assert from "node:assert/strict";
import { test } from "node:test";
import { Normaliser } from "./normaliser.ts";

test("paths, keys and hashes become the recordings' words", () => {
  const normaliser = new Normaliser(
    new Map([
      ["/tmp/x/homes", "$HOMES"],
      ["/tmp/x", "$RUN_DIR"],
    ]),
  );
  assert.equal(normaliser.text("/tmp/x/homes/u /tmp/x/data"), "$HOMES/u $RUN_DIR/data");
  assert.equal(normaliser.text(`$2a$04$${"a".repeat(53)}`), "$BCRYPT");
});

test("ids of sessions are numbered as they come, the same one keeps its number", () => {
  const normaliser = new Normaliser(new Map());
  const id = (session: string): unknown => normaliser.request({ session_id: session })["session_id"];
  assert.equal(id(`SFTP_${"a".repeat(64)}_1`), "SFTP_$SSHID1_1");
  assert.equal(id(`SFTP_${"b".repeat(64)}_1`), "SFTP_$SSHID2_1");
  assert.equal(id(`SSH_${"a".repeat(64)}_2`), "SSH_$SSHID1_2");
});

test("a time that is none, and the elapsed time of a pre-event, stay as they are", () => {
  const normaliser = new Normaliser(new Map());
  assert.deepEqual(normaliser.request({ action: "pre-upload", elapsed: "3", timestamp: "0" }), {
    action: "pre-upload",
    elapsed: "3",
    timestamp: "0",
  });
  assert.deepEqual(normaliser.request({ action: "upload", elapsed: "3", timestamp: "1700000000000000000" }), {
    action: "upload",
    elapsed: "$MS",
    timestamp: "$NS",
  });
});

test("what was normalised is not changed by being normalised again", () => {
  const once = new Normaliser(new Map()).request({ user: { _text: '{"id":7,"created_at":1700000000000}' } });
  assert.deepEqual(once["user"], {
    _json: { id: "$ROW", created_at: "$MS_EPOCH" },
    _len: "$N",
    _text: '{"id":$ROW,"created_at":$MS_EPOCH}',
  });
  assert.deepEqual(new Normaliser(new Map()).request(once), once);
});

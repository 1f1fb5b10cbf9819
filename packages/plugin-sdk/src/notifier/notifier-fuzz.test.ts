import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../../../scripts/fuzz-rounds.ts";
import { createRandom, makeHostileBytes } from "../../test/hostile-bytes.ts";
import { notifierMethods } from "./notifier-methods.ts";

const rounds = 20_000;

const valid = notifierMethods.sendFsEvent.request.encode({
  timestampNs: 2n ** 60n,
  action: "upload",
  username: "ann",
  path: "/srv/é",
  targetPath: "",
  virtualPath: "/é",
  virtualTargetPath: "",
  sshCmd: "",
  fileSizeBytes: 1n,
  elapsedMs: 2n,
  status: 1,
  protocol: "SFTP",
  ip: "::1",
  sessionId: "s",
  fsProvider: 0,
  bucket: "",
  endpoint: "",
  openFlags: 0,
  role: "",
  metadata: { key: "value" },
});

test("hostile bytes give an event or an error, for every message", async () => {
  await fuzz(rounds, (seed) => {
    const random = createRandom(seed);
    const bytes = makeHostileBytes(valid, random);
    for (const { request } of Object.values(notifierMethods)) {
      try {
        assert.equal(typeof request.decode(bytes), "object");
      } catch (error) {
        assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error));
      }
    }
  });
});

test("a number without end and groups without bottom are errors", () => {
  const length = 1024 * 1024;
  const endlessNumber = new Uint8Array(length).fill(0xab);
  // The tag that starts group 21, again and again.
  const nestedGroups = Uint8Array.from({ length }, (_, index) => (index % 2 === 0 ? 0xab : 0x01));
  for (const bytes of [endlessNumber, nestedGroups]) {
    assert.throws(() => notifierMethods.sendFsEvent.request.decode(bytes), Error);
  }
});

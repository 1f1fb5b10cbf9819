import assert from "node:assert/strict";
import { test } from "node:test";

import { formatCsv, formatDuration, formatSize, formatTime, fsColumns, logColumns } from "./event-csv.ts";

test("a file event has SFTPGo's columns", () => {
  const columns = fsColumns({
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
    sessionId: "s",
    fsProvider: 0,
    role: "r",
  });
  assert.equal(
    formatCsv([columns]),
    "2023-11-14T22:13:20.000000002Z,rename,/f => /g,/home/u/f => /home/u/g,5.0 MiB,1m5.001s,Quota exceeded,u,SFTP,127.0.0.1,,r\n",
  );
});

test("log events have names", () => {
  const names = [0, 1, 2, 3, 4, 5, 6].map((event) => logColumns({ id: "l", timestampNs: 0n, event })[1]);
  assert.deepEqual(names, [
    "",
    "Login failed",
    "Login with non-existent user",
    "No login tried",
    "Algorithm negotiation failed",
    "Login succeeded",
    "",
  ]);
});

test("what a spreadsheet would compute gets an apostrophe", () => {
  assert.equal(formatCsv([["=a", "+a", "-a", "@a", "\ta", "|a", "'a", ""]]), "'=a,'+a,'-a,'@a,'\ta,|a,'a,\n");
  assert.equal(formatCsv([["\ra", " a", "a,b", 'a"b', "a\nb"]]), `"'\ra"," a","a,b","a""b","a\nb"\n`);
});

test("sizes have one digit after the point from a KiB on", () => {
  const sizes = [0n, -1n, 1n, 1023n, 1024n, 10_752n, 1_048_575n, 1_048_576n, 109_951_162_777_600n, 2n ** 63n - 1n];
  assert.deepEqual(sizes.map(formatSize), [
    "",
    "",
    "1 B",
    "1023 B",
    "1.0 KiB",
    "10.5 KiB",
    "1024.0 KiB",
    "1.0 MiB",
    "100.0 TiB",
    "8.0 EiB",
  ]);
});

test("durations are written as Go writes them", () => {
  const durations = [0n, -5n, 1n, 999n, 1000n, 1500n, 60_000n, 3_600_000n, 7_265_001n];
  assert.deepEqual(durations.map(formatDuration), [
    "",
    "",
    "1ms",
    "999ms",
    "1s",
    "1.5s",
    "1m0s",
    "1h0m0s",
    "2h1m5.001s",
  ]);
});

test("times have as many digits as they need", () => {
  const times = [0n, -1n, 1n, 1_700_000_000_100_000_000n, 1_700_000_000_000_000_010n, 2n ** 63n - 1n];
  assert.deepEqual(times.map(formatTime), [
    "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999999Z",
    "1970-01-01T00:00:00.000000001Z",
    "2023-11-14T22:13:20.1Z",
    "2023-11-14T22:13:20.00000001Z",
    "2262-04-11T23:47:16.854775807Z",
  ]);
});

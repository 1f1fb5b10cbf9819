/**
 * What a notifier plugin hears when OpenSSH's clients do their work. Numbers and names are those a real SFTPGo sent in the
 * same situation.
 */
import assert from "node:assert/strict";
import { readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import type { RunResult } from "./harness/run.ts";
import type { RecordedFsEvent } from "./harness/recorded-events.ts";
import { suiteOwner } from "./harness/sandbox.ts";
import { openStory, type Story } from "./harness/story.ts";
import { skipWithout } from "./harness/tools.ts";
import { waitFor } from "./harness/wait-for.ts";

const names = ["ann", "ben", "cleo", "dan", "eve", "finn", "gil", "hal", "ivy"] as const;
type Name = (typeof names)[number];

describe("events of OpenSSH's clients", { skip: skipWithout("sftp", "scp", "ssh-keygen") }, () => {
  let story: Story<Name>;
  const owner = suiteOwner();
  before(async () => {
    story = await openStory(owner, { users: names });
  });

  /** Runs a batch and then a sentinel, waits for that, and gives what was heard before it: nothing can come later. */
  async function eventsOf(name: Name, commands: readonly string[]): Promise<RecordedFsEvent[]> {
    succeeded(await story.openSsh.sftp(story.server, story.users[name].byKey, [...commands, "mkdir sentinel"]));
    return await eventsBeforeSentinel(name);
  }

  async function eventsBeforeSentinel(name: Name): Promise<RecordedFsEvent[]> {
    const heard = await waitFor("the sentinel event", () => {
      const events = story.events.fsEventsOf(name);
      return events.at(-1)?.virtualPath === "/sentinel" && events;
    });
    return heard.slice(0, -1);
  }

  test("an upload, an overwrite and a resume tell sizes and open flags", async () => {
    const { sandbox } = story;
    await sandbox.write("small", Buffer.alloc(100, "a"));
    await sandbox.write("medium", Buffer.alloc(150, "b"));
    const big = await sandbox.write("big", Buffer.alloc(4 << 20, "0123456789abcdef"));
    await writeFile(join(story.users.ann.home, "resume.bin"), (await readFile(big)).subarray(0, 1 << 20));
    const events = await eventsOf("ann", ["put small f1.txt", "put medium f1.txt", "reput big resume.bin"]);
    assert.deepEqual(events.map(headline), [
      "pre-upload /f1.txt size=0 flags=0 status=1",
      "upload /f1.txt size=100 flags=0 status=1",
      "first-upload /f1.txt size=100 flags=0 status=1",
      "pre-upload /f1.txt size=100 flags=577 status=1",
      "upload /f1.txt size=150 flags=0 status=1",
      "pre-upload /resume.bin size=1048576 flags=65 status=1",
      "upload /resume.bin size=4194304 flags=0 status=1",
    ]);
    assert.deepEqual(await readFile(join(story.users.ann.home, "resume.bin")), await readFile(big));
  });

  test("a download and a resumed one tell the bytes that were sent", async () => {
    const content = Buffer.alloc(4 << 20, "fedcba9876543210");
    await writeFile(join(story.users.ben.home, "big.bin"), content);
    const local = story.sandbox.path("ben.bin");
    const events = await eventsOf("ben", ["get big.bin ben.bin"]);
    assert.deepEqual(await readFile(local), content);
    await truncate(local, 1 << 20);
    succeeded(await story.openSsh.sftp(story.server, story.users.ben.byKey, ["reget big.bin ben.bin"]));
    assert.deepEqual(await readFile(local), content);
    await waitFor("the second download", () => story.events.fsEventsOf("ben").length >= 6);
    const resumed = story.events.fsEventsOf("ben").slice(4);
    assert.deepEqual([...events, ...resumed].map(headline), [
      "pre-download /big.bin size=0 flags=0 status=1",
      "download /big.bin size=4194304 flags=0 status=1",
      "first-download /big.bin size=4194304 flags=0 status=1",
      "pre-download /big.bin size=0 flags=0 status=1",
      "download /big.bin size=3145728 flags=0 status=1",
    ]);
  });

  test("directories, renames and removals are told in the order they were done", async () => {
    await story.sandbox.write("twenty", Buffer.alloc(20, "c"));
    const events = await eventsOf("cleo", [
      "mkdir d1",
      "put twenty d1/a.txt",
      "rename d1/a.txt d1/b.txt",
      "rename d1 d2",
      "rm d2/b.txt",
      "rmdir d2",
    ]);
    assert.deepEqual(events.map(headline), [
      "mkdir /d1 size=0 flags=0 status=1",
      "pre-upload /d1/a.txt size=0 flags=0 status=1",
      "upload /d1/a.txt size=20 flags=0 status=1",
      "first-upload /d1/a.txt size=20 flags=0 status=1",
      "rename /d1/a.txt -> /d1/b.txt size=0 flags=0 status=1",
      "rename /d1 -> /d2 size=0 flags=0 status=1",
      "pre-delete /d2/b.txt size=20 flags=0 status=1",
      "delete /d2/b.txt size=20 flags=0 status=1",
      "rmdir /d2 size=0 flags=0 status=1",
    ]);
  });

  test("every event names user, address, protocol, session and paths on disk", async () => {
    await story.sandbox.write("facts", "facts");
    const events = await eventsOf("dan", [
      "put facts f",
      "rename f g",
      "get g facts.back",
      "rm g",
      "mkdir d",
      "rmdir d",
    ]);
    const { home } = story.users.dan;
    const [sessionId] = events.map((event) => event.sessionId);
    assert.match(sessionId ?? "", /^SFTP_(?:[0-9a-f]{64}|[0-9a-f]{128})_1$/);
    for (const event of events) {
      const { username, ip, protocol, fsProvider, bucket, endpoint, role, sshCmd, metadata } = event;
      const common = { username, ip, protocol, fsProvider, bucket, endpoint, role, sshCmd, metadata };
      assert.deepEqual(common, {
        username: "dan",
        ip: "127.0.0.1",
        protocol: "SFTP",
        fsProvider: 0,
        bucket: "",
        endpoint: "",
        role: "",
        sshCmd: "",
        metadata: {},
      });
      assert.equal(event.sessionId, sessionId);
      assert.equal(event.path, home + event.virtualPath);
      assert.equal(event.targetPath, event.action === "rename" ? home + event.virtualTargetPath : "");
    }
  });

  test("time stamps are nanoseconds that grow, pre-events take no time", async () => {
    await story.sandbox.write("times", "times");
    const startedNs = BigInt(Date.now() - 1) * 1_000_000n;
    const events = await eventsOf("eve", ["put times a", "put times b", "rm a", "mkdir d"]);
    const endedNs = BigInt(Date.now() + 1) * 1_000_000n;
    const stamps = events.map((event) => BigInt(event.timestampNs));
    assert.ok(
      stamps.every((stamp) => stamp >= startedNs && stamp <= endedNs),
      stamps.join(" "),
    );
    assert.deepEqual(
      stamps,
      stamps.toSorted((a, b) => (a < b ? -1 : 1)),
    );
    assert.equal(new Set(stamps).size, stamps.length, "two events have the same time stamp");
    for (const { action, elapsedMs } of events) {
      assert.ok(action.startsWith("pre-") ? elapsedMs === "0" : Number(elapsedMs) >= 0, `${action} took ${elapsedMs}`);
    }
  });

  test("scp in SFTP mode gives the same events as sftp", async () => {
    const { openSsh, server, sandbox, users } = story;
    await sandbox.write("scp-small", Buffer.alloc(100, "s"));
    succeeded(await openSsh.scp(server, users.finn.byKey, "scp-small", ":/s.txt"));
    succeeded(await openSsh.scp(server, users.finn.byKey, ":/s.txt", "scp-back"));
    assert.deepEqual(await readFile(sandbox.path("scp-back")), Buffer.alloc(100, "s"));
    const events = await eventsOf("finn", []);
    assert.deepEqual(events.map(headline), [
      "pre-upload /s.txt size=0 flags=0 status=1",
      "upload /s.txt size=100 flags=0 status=1",
      "first-upload /s.txt size=100 flags=0 status=1",
      "pre-download /s.txt size=0 flags=0 status=1",
      "download /s.txt size=100 flags=0 status=1",
      "first-download /s.txt size=100 flags=0 status=1",
    ]);
    assert.deepEqual(new Set(events.map((event) => event.protocol)), new Set(["SFTP"]));
    assert.equal(new Set(events.map((event) => event.sessionId)).size, 2, "each scp is a session of its own");
  });

  test("what is refused makes no event of success", async () => {
    const refused = ["-rm nope", "-rmdir nope", "-rename nope other", "-get nope", "-mkdir no/parent"];
    assert.deepEqual(await eventsOf("gil", refused), []);
  });

  test("a login by password works like one by key, and both are told", async () => {
    const { openSsh, server, users, events } = story;
    const hal = (): string[] =>
      events.logEvents().flatMap((login) => (login.username === "hal" ? [`${login.event} ${login.message}`] : []));
    succeeded(await openSsh.sftp(server, users.hal.byPassword, ["pwd"]));
    await waitFor("the first login event", () => hal().length === 1);
    succeeded(await openSsh.sftp(server, users.hal.byKey, ["pwd"]));
    await waitFor("the second login event", () => hal().length === 2);
    assert.deepEqual(hal(), ["5 ", "5 "]);
    const wrong = await openSsh.sftp(server, { user: "hal", password: "wrong" }, ["pwd"]);
    assert.notEqual(wrong.code, 0);
    await waitFor("the event of the failed login", () => hal().length === 3);
    assert.match(hal()[2] ?? "", /^1 ./);
    const [login] = events.logEvents().filter(({ username }) => username === "hal");
    assert.deepEqual(
      { ...login, timestampNs: "" },
      {
        timestampNs: "",
        event: 5,
        username: "hal",
        protocol: "SSH",
        ip: "127.0.0.1",
        message: "",
        role: "",
      },
    );
  });

  test("an upload cut off in the middle is told as failed, with what arrived", async () => {
    // The server closes the handle itself; the client is killed with the transfer under way.
    const { openSsh, server, users, events, sandbox } = story;
    const { home } = users.ivy;
    const source = await sandbox.write("endless", "");
    await truncate(source, 40 * 2 ** 30);
    const client = await openSsh.startSftp(server, users.ivy.byKey);
    client.stdin.write("put endless cut.bin\n");
    await waitFor("the first bytes on disk", async () => (await sizeOf(join(home, "cut.bin"))) > 0);
    client.kill("SIGKILL");
    const told = await events.waitForFsEvent("upload", "/cut.bin");
    assert.equal(told.status, 2);
    assert.equal(told.fileSizeBytes, String(await sizeOf(join(home, "cut.bin"))));
  });
});

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (facts) => facts.size,
    () => 0,
  );
}

function headline(event: RecordedFsEvent): string {
  const target = event.virtualTargetPath === "" ? "" : ` -> ${event.virtualTargetPath}`;
  const facts = `size=${event.fileSizeBytes} flags=${event.openFlags} status=${event.status}`;
  return `${event.action} ${event.virtualPath}${target} ${facts}`;
}

function succeeded(result: RunResult): void {
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}`);
}

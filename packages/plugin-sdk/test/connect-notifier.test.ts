import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LogFields, Logger } from "@fairlead/go-plugin";
import { GrpcError } from "@fairlead/grpc";
import type { EventContext } from "../src/call-context.ts";
import type { FsEvent } from "../src/notifier/events.ts";
import { connectNotifier, makeFsEvent, makeLogEvent, makeProviderEvent } from "../src/testing/index.ts";

const isUnknown = (message: string) => (error: unknown) =>
  GrpcError.is(error, "UNKNOWN") && error.message.includes(message);

const fsEvent = makeFsEvent();
const providerEvent = makeProviderEvent();
const logEvent = makeLogEvent();

// Every field with something of its own.
const wholeFsEvent: FsEvent = {
  timestampNs: 1_790_256_723_123_456_789n,
  action: "rename",
  username: "ann",
  path: "/srv/ann/a",
  targetPath: "/srv/ann/b",
  virtualPath: "/a",
  virtualTargetPath: "/b",
  sshCmd: "cmd",
  fileSizeBytes: 2n ** 40n,
  elapsedMs: 17n,
  status: 2,
  protocol: "SFTP",
  ip: "::1",
  sessionId: "SFTP_00_1",
  fsProvider: 3,
  bucket: "bucket",
  endpoint: "endpoint",
  openFlags: 577,
  role: "role",
  metadata: { key: "value" },
};

test("each kind of event reaches its handler whole", async () => {
  const seen: unknown[] = [];
  await using notifier = await connectNotifier({
    onFsEvent: (event) => void seen.push({ ...event, metadata: { ...event.metadata } }),
    onProviderEvent: (event) => void seen.push({ ...event, objectData: new Uint8Array(event.objectData) }),
    onLogEvent: (event) => void seen.push(event),
  });
  await notifier.client.sendFsEvent(wholeFsEvent);
  await notifier.client.sendProviderEvent(providerEvent);
  await notifier.client.sendLogEvent(logEvent);
  assert.deepEqual(seen, [wholeFsEvent, providerEvent, logEvent]);
});

test("an event without handler is taken and forgotten", async () => {
  await using notifier = await connectNotifier({});
  await notifier.client.sendFsEvent(fsEvent);
  await notifier.client.sendProviderEvent(providerEvent);
  await notifier.client.sendLogEvent(logEvent);
});

test("a handler knows the id of the event, when there is one", async () => {
  const ids: (string | undefined)[] = [];
  await using notifier = await connectNotifier({ onFsEvent: (_event, { eventId }) => void ids.push(eventId) });
  await notifier.client.sendFsEvent(fsEvent, { eventId: "run-7" });
  await notifier.client.sendFsEvent(fsEvent);
  assert.deepEqual(ids, ["run-7", undefined]);
});

test("a handler that throws answers UNKNOWN with its message, as Go's plugins do", async () => {
  await using notifier = await connectNotifier({
    onFsEvent() {
      throw new TypeError("disk full");
    },
    onLogEvent: async () => {
      await sleep(1);
      throw new TypeError("queue full");
    },
  });
  await assert.rejects(notifier.client.sendFsEvent(fsEvent), isUnknown("disk full"));
  await assert.rejects(notifier.client.sendLogEvent(logEvent), isUnknown("queue full"));
});

for (const [what, onFsEvent] of [
  [
    "throws",
    () => {
      throw new TypeError("disk full");
    },
  ],
  [
    "rejects",
    async () => {
      await sleep(1);
      throw new TypeError("disk full");
    },
  ],
] as const) {
  test(`the log has the stack of a handler that ${what}`, async () => {
    const lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = [];
    const logger: Logger = {
      log: (level, message, fields = {}) => void lines.push({ level, message, fields }),
      child: () => logger,
    };
    await using notifier = await connectNotifier({ onFsEvent }, { logger });
    await assert.rejects(notifier.client.sendFsEvent(fsEvent, { eventId: "run-7" }), isUnknown("disk full"));
    const [line, ...others] = lines;
    assert.deepEqual(others, []);
    assert.equal(line?.level, "error");
    assert.equal(line.message, "handler failed");
    const { error, ...fields } = line.fields;
    assert.deepEqual(fields, { method: "SendFsEvent", eventId: "run-7" });
    assert.ok(error instanceof TypeError);
    assert.match(error.stack ?? "", /onFsEvent|connect-notifier\.test\.ts/);
  });
}

test("a handler sees that the server stopped waiting", async () => {
  const aborted = Promise.withResolvers<void>();
  await using notifier = await connectNotifier({
    onFsEvent: (_event, { signal }: EventContext) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return aborted.promise;
    },
  });
  const call = notifier.client.sendFsEvent(fsEvent, { timeoutMs: 20 });
  await assert.rejects(call, (error: unknown) => GrpcError.is(error, "DEADLINE_EXCEEDED"));
  await aborted.promise;
});

test("handlers keep their this", async () => {
  class Plugin {
    readonly seen: string[] = [];
    onFsEvent(event: FsEvent): void {
      this.seen.push(event.action);
    }
  }
  const plugin = new Plugin();
  await using notifier = await connectNotifier(plugin);
  await notifier.client.sendFsEvent(fsEvent);
  assert.deepEqual(plugin.seen, ["upload"]);
});

test("start runs before the first call and stop after the last, once", async () => {
  const steps: string[] = [];
  const notifier = await connectNotifier({
    start: () => void steps.push("start"),
    stop: () => void steps.push("stop"),
    onFsEvent: () => void steps.push("event"),
  });
  await notifier.client.sendFsEvent(fsEvent);
  await Promise.all([notifier.close(), notifier.close()]);
  assert.deepEqual(steps, ["start", "event", "stop"]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { connectNotifier, makeFsEvent, makeLogEvent, makeProviderEvent } from "./index.ts";

test("events made for tests arrive as they were made", async () => {
  const seen: unknown[] = [];
  await using notifier = await connectNotifier({
    onFsEvent: (event) => void seen.push({ ...event, metadata: { ...event.metadata } }),
    onProviderEvent: (event) => void seen.push({ ...event, objectData: new Uint8Array(event.objectData) }),
    onLogEvent: (event) => void seen.push(event),
  });
  await notifier.client.sendFsEvent(makeFsEvent());
  await notifier.client.sendProviderEvent(makeProviderEvent());
  await notifier.client.sendLogEvent(makeLogEvent());
  assert.deepEqual(seen, [makeFsEvent(), makeProviderEvent(), makeLogEvent()]);
});

test("changes replace what is usual", () => {
  assert.equal(makeFsEvent({ action: "delete" }).action, "delete");
  assert.equal(makeFsEvent({ action: "delete" }).username, "alice");
  assert.equal(makeLogEvent({ event: 1 }).event, 1);
  const { objectName, objectData } = makeProviderEvent({ objectName: "bob" });
  assert.equal(objectName, "bob");
  assert.deepEqual(JSON.parse(Buffer.from(objectData).toString()), { username: "bob" });
});

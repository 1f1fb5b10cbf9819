import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFsEventsFilter, makeLogEventsFilter, makeProviderEventsFilter } from "../testing/make-filters.ts";
import { eventSearcherMethods } from "./eventsearcher-methods.ts";

const { searchFsEvents, searchProviderEvents, searchLogEvents } = eventSearcherMethods;

// As Go writes them with SFTPGo's SDK 0.1.9, base64.
const whole = {
  fs:
    "CAEQ//////////9/GgZ1cGxvYWQaBmRlbGV0ZSIDYW5uKgM6OjEyBm1kNXN1bToEU0ZUUDoDU1NIQgIBY0oBYUoBYlDoB1oCenpgA2oCYmty" +
    "AmVweAGCAQJyMQ==",
  provider: "CAoQFBoDYWRkIgF1KgcxLjEuMS4xMgR1c2VyMgZmb2xkZXI6Am9uQgJpMUgFUgJmMVgBYgJyMWgB",
  log: "CAoQFBoCAQUiAXUqBzEuMS4xLjEyA1NTSDoCaTFABUoCZjFQAVoCcjE=",
};

const fsFilter = makeFsEventsFilter({
  startTimestampNs: 1n,
  endTimestampNs: 2n ** 63n - 1n,
  actions: ["upload", "delete"],
  username: "ann",
  ip: "::1",
  sshCmd: "md5sum",
  protocols: ["SFTP", "SSH"],
  statuses: [1, 99],
  instanceIds: ["a", "b"],
  limit: 1000,
  fromId: "zz",
  fsProvider: 3,
  bucket: "bk",
  endpoint: "ep",
  order: "ascending",
  role: "r1",
});

const shared = {
  startTimestampNs: 10n,
  endTimestampNs: 20n,
  username: "u",
  ip: "1.1.1.1",
  instanceIds: ["i1"],
  limit: 5,
  fromId: "f1",
  order: "ascending",
  role: "r1",
} as const;

const providerFilter = makeProviderEventsFilter({
  ...shared,
  actions: ["add"],
  objectTypes: ["user", "folder"],
  objectName: "on",
  omitObjectData: true,
});

const logFilter = makeLogEventsFilter({ ...shared, events: [1, 5], protocols: ["SSH"] });

test("filters are read as Go's SDK writes them", () => {
  assert.deepEqual(searchFsEvents.request.decode(Buffer.from(whole.fs, "base64")), fsFilter);
  assert.deepEqual(searchProviderEvents.request.decode(Buffer.from(whole.provider, "base64")), providerFilter);
  assert.deepEqual(searchLogEvents.request.decode(Buffer.from(whole.log, "base64")), logFilter);
});

test("filters are written as Go's SDK writes them", () => {
  assert.equal(Buffer.from(searchFsEvents.request.encode(fsFilter)).toString("base64"), whole.fs);
  assert.equal(Buffer.from(searchProviderEvents.request.encode(providerFilter)).toString("base64"), whole.provider);
  assert.equal(Buffer.from(searchLogEvents.request.encode(logFilter)).toString("base64"), whole.log);
});

test("what SFTPGo asks for without any parameter is no condition but the limit", () => {
  // fs_provider -1, limit 100.
  const bytes = Buffer.from("UGRg////////////AQ==", "base64");
  assert.deepEqual(searchFsEvents.request.decode(bytes), makeFsEventsFilter());
  assert.equal(
    Buffer.from(searchFsEvents.request.encode(makeFsEventsFilter())).toString("base64"),
    bytes.toString("base64"),
  );
});

test("a negative time, which SFTPGo passes on, stays one", () => {
  const bytes = Buffer.from("CPv//////////wFQZGD///////////8B", "base64");
  assert.equal(searchFsEvents.request.decode(bytes).startTimestampNs, -5n);
});

test("answers are bytes that stay what they are", () => {
  const received = Buffer.from("CgJbXQ==", "base64");
  const answer = searchFsEvents.response.decode(received);
  received.fill(0);
  assert.equal(Buffer.from(answer).toString(), "[]");
  assert.deepEqual(Buffer.from(searchFsEvents.response.encode(answer)).toString("base64"), "CgJbXQ==");
});

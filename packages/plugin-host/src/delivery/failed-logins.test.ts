import assert from "node:assert/strict";
import { test } from "node:test";
import { LogEventType } from "@fairlead/plugin-sdk/client";
import { setUpDelivery } from "../../test/support/delivery.ts";
import { settle } from "../../test/support/fake-clock.ts";
import { defaultDeliveryPolicy } from "./delivery-policy.ts";

const { loginFailed, loginNoUser, noLoginTried, notNegotiated, loginOk } = LogEventType;

test("strangers cannot take the memory of users' events", async () => {
  const { offer, offerLog, whats, reasons, delivery } = setUpDelivery({
    retryMaxTimeS: 3_600,
    policy: { maxQueueBytes: 10_000, maxFailedLoginBytes: 5_000 },
  });
  for (let index = 0; index < 100; index++) {
    for (const event of [loginFailed, loginNoUser, noLoginTried, notNegotiated]) offerLog(`user${index}`, event);
  }
  assert.ok(delivery.counters.queueBytes <= 5_000);
  assert.ok(delivery.counters.queueLength > 2);
  assert.deepEqual(reasons(), ["failed-logins-full"]);
  offer("ann", "/1");
  await settle();
  assert.ok(whats().includes("ann/1"));
  assert.deepEqual(reasons(), ["failed-logins-full"]);
});

test("failed logins that were accepted are not pushed out by later ones", async () => {
  const { offerLog, whats } = setUpDelivery({ policy: { maxFailedLoginBytes: 3_000 } });
  offerLog("ann", loginFailed, "192.0.2.1");
  for (let index = 0; index < 100; index++) offerLog("", noLoginTried, "192.0.2.2");
  await settle();
  assert.equal(whats()[0], "ann #1 192.0.2.1");
});

test("users' events cannot take the memory of failed logins", async () => {
  const { offer, offerLog, whats } = setUpDelivery({ policy: { maxQueueBytes: 3_000 } });
  for (let index = 0; index < 100; index++) offer("ann", `/${index}`);
  offerLog("bob", loginFailed);
  await settle();
  assert.deepEqual(whats(), ["ann/0", "bob #1 192.0.2.1"]);
});

test("failed logins under a user's name do not delay the user's events", async () => {
  const { offer, offerLog, whats } = setUpDelivery();
  for (let index = 0; index < 10; index++) offerLog("ann", loginFailed);
  offer("ann", "/1");
  await settle();
  assert.ok(whats().includes("ann/1"));
});

test("a login keeps its place among the user's events", async () => {
  const { offer, offerLog, calls, whats } = setUpDelivery();
  offerLog("ann", loginOk);
  offer("ann", "/1");
  await settle();
  assert.deepEqual(whats(), ["ann #5 192.0.2.1"]);
  calls[0]?.succeed();
  await settle();
  assert.equal(whats()[1], "ann/1");
});

test("failed logins from one address arrive in order, one at a time", async () => {
  const { offerLog, calls, whats } = setUpDelivery();
  offerLog("ann", loginFailed, "192.0.2.1");
  offerLog("", noLoginTried, "192.0.2.1");
  offerLog("ann", loginFailed, "192.0.2.2");
  await settle();
  assert.deepEqual(whats(), ["ann #1 192.0.2.1", "ann #1 192.0.2.2"]);
  calls[0]?.succeed();
  await settle();
  assert.equal(whats()[2], " #3 192.0.2.1");
});

test("failed logins take only their part of the calls", async () => {
  const { offer, offerLog, calls, whats } = setUpDelivery({ policy: { maxInFlight: 4, maxFailedLoginsInFlight: 1 } });
  for (let index = 0; index < 10; index++) offerLog("ann", loginFailed, `192.0.2.${index}`);
  for (const user of ["ann", "bob", "cat"]) offer(user, "/1");
  await settle();
  assert.deepEqual(whats(), ["ann/1", "bob/1", "cat/1", "ann #1 192.0.2.0"]);
  calls[0]?.succeed();
  await settle();
  assert.equal(whats().length, 4);
  calls[3]?.succeed();
  await settle();
  assert.equal(whats()[4], "ann #1 192.0.2.1");
});

test("failed logins never make more calls than there may be", async () => {
  const { offer, offerLog, whats } = setUpDelivery({ policy: { maxInFlight: 2, maxFailedLoginsInFlight: 2 } });
  offer("ann", "/1");
  for (let index = 0; index < 10; index++) offerLog("ann", loginFailed, `192.0.2.${index}`);
  await settle();
  assert.equal(whats().length, 2);
});

test("retry_queue_max_size counts failed logins apart", () => {
  const { offer, offerLog, down, reasons, delivery } = setUpDelivery({ retryMaxTimeS: 3_600, retryQueueMaxSize: 2 });
  down();
  for (let index = 0; index < 10; index++) offerLog("ann", loginFailed);
  assert.deepEqual(reasons(), ["retry-queue-full"]);
  offer("ann", "/1");
  assert.equal(delivery.counters.queueLength, 3);
  assert.equal(delivery.counters.dropped, 8);
});

test("dropped failed logins and dropped events of users are two lines of the log", () => {
  const { offer, offerLog, down, reasons } = setUpDelivery();
  down();
  for (let index = 0; index < 10; index++) {
    offerLog("ann", loginFailed);
    offer("ann", `/${index}`);
  }
  assert.deepEqual(reasons(), ["plugin-down", "plugin-down"]);
});

test("a failed login that the plugin does not take is tried again, and close leaves nothing of it", async () => {
  const { offerLog, calls, clock, delivery, whats } = setUpDelivery({ retryMaxTimeS: 60 });
  offerLog("ann", loginFailed);
  await settle();
  calls[0]?.fail();
  await clock.advance(200);
  assert.equal(whats().length, 2);
  calls[1]?.fail();
  await settle();
  delivery.close();
  await delivery.idle();
  const { queueLength, queueBytes, dropped } = delivery.counters;
  assert.deepEqual({ queueLength, queueBytes, dropped }, { queueLength: 0, queueBytes: 0, dropped: 1 });
  assert.equal(clock.pending, 0);
});

test("by default failed logins get a small part of memory and calls", () => {
  const { maxInFlight, maxFailedLoginsInFlight, maxQueueBytes, maxFailedLoginBytes } = defaultDeliveryPolicy;
  assert.ok(maxFailedLoginsInFlight <= maxInFlight / 4);
  assert.ok(maxFailedLoginBytes <= maxQueueBytes / 8);
});

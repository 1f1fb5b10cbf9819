import assert from "node:assert/strict";
import { test } from "node:test";
import { loginFailedEvent, loginOkEvent, noLoginTriedEvent, noSuchUserEvent, notNegotiatedEvent } from "./log-event.ts";

const clock = () => 42n;
const ip = "192.0.2.7";

// Numbers and fields as SFTPGo sent them: L-key-ok, L-ki-bad, L-nouser-pw, L-kex-done-close, L-no-common-kex.
test("builds the five log events", () => {
  const common = { timestampNs: 42n, protocol: "SSH", ip, role: "" };
  assert.deepEqual(loginOkEvent({ username: "full", ip }, clock), {
    ...common,
    event: 5,
    username: "full",
    message: "",
  });
  assert.deepEqual(loginFailedEvent({ username: "full", ip, message: "invalid credentials" }, clock), {
    ...common,
    event: 1,
    username: "full",
    message: "invalid credentials",
  });
  assert.deepEqual(noSuchUserEvent({ username: "ghost", ip, message: "not found" }, clock), {
    ...common,
    event: 2,
    username: "ghost",
    message: "not found",
  });
  assert.deepEqual(noLoginTriedEvent({ ip, message: "EOF" }, clock), {
    ...common,
    event: 3,
    username: "",
    message: "EOF",
  });
  assert.deepEqual(notNegotiatedEvent({ ip, message: "no common algorithm" }, clock), {
    ...common,
    event: 4,
    username: "",
    message: "no common algorithm",
  });
});

test("takes NUL out of messages", () => {
  assert.equal(loginFailedEvent({ username: "a", ip, message: "a\0b\0" }, clock).message, "ab");
});

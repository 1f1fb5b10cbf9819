import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@fairlead/go-plugin";
import { Metadata } from "@fairlead/grpc";
import type { ServerCall } from "@fairlead/grpc";
import { callHandler } from "./call-handler.ts";

/** A call that counts what is read of it: each costs time when it is made. */
function createCall(): { readonly call: ServerCall; readonly reads: string[] } {
  const reads: string[] = [];
  const call: ServerCall = {
    path: "/proto.Notifier/SendFsEvent",
    peer: undefined,
    deadline: undefined,
    trailers: new Metadata(),
    sendHeaders() {},
    compressResponses: () => false,
    get metadata() {
      reads.push("metadata");
      return new Metadata([["fairlead-event-id", "run-7"]]);
    },
    get signal() {
      reads.push("signal");
      return new AbortController().signal;
    },
  };
  return { call, reads };
}

test("a call's metadata and signal are not made for a handler that does not ask", () => {
  const { call, reads } = createCall();
  assert.equal(
    callHandler(() => {}, call, silentLogger),
    undefined,
  );
  assert.deepEqual(reads, []);
});

test("a handler gets what it asks for", () => {
  const { call, reads } = createCall();
  let seen: unknown;
  void callHandler(({ eventId }) => void (seen = eventId), call, silentLogger);
  assert.equal(seen, "run-7");
  assert.deepEqual(reads, ["metadata"]);
});

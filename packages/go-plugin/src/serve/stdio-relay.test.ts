import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StdioData } from "../protocol/services.ts";
import { StdioRelay } from "./stdio-relay.ts";

describe("StdioRelay", () => {
  it("gives a late reader what was printed before, in order", async () => {
    const relay = new StdioRelay();
    relay.push("stdout", Buffer.from("a"));
    relay.push("stderr", Buffer.from("b"));
    const reader = relay.read(new AbortController().signal);
    assert.deepEqual((await reader.next()).value, { channel: "stdout", data: Buffer.from("a") });
    assert.deepEqual((await reader.next()).value, { channel: "stderr", data: Buffer.from("b") });
    await reader.return(undefined);
  });

  it("wakes a reader that waits", async () => {
    const relay = new StdioRelay();
    const next = relay.read(new AbortController().signal).next();
    relay.push("stdout", Buffer.from("x"));
    assert.equal(((await next).value as StdioData | undefined)?.channel, "stdout");
  });

  it("takes a copy and cuts it into pieces", async () => {
    const relay = new StdioRelay();
    const bytes = Buffer.alloc(40_000, 1);
    relay.push("stdout", bytes);
    bytes.fill(0);
    const sizes = relay.takeOnlyCopies().map(({ data }) => data.length);
    assert.deepEqual(sizes, [16_384, 16_384, 7_232]);
  });

  it("ends its readers when they are told to stop", async () => {
    const relay = new StdioRelay();
    const stop = new AbortController();
    const next = relay.read(stop.signal).next();
    stop.abort();
    assert.equal((await next).done, true);
  });

  it("asks writers to wait only while somebody reads", async () => {
    const relay = new StdioRelay();
    assert.equal(relay.push("stdout", Buffer.alloc(100_000)), true);
    const stop = new AbortController();
    const reader = relay.read(stop.signal);
    await reader.next();
    assert.equal(relay.push("stdout", Buffer.alloc(100_000)), false);
    const drained = new Promise<void>((resolve) => relay.onceDrained(resolve));
    const reading = (async () => {
      for await (const _chunk of reader);
    })();
    await drained;
    stop.abort();
    await reading;
  });

  it("drops and counts what does not fit", () => {
    const relay = new StdioRelay();
    relay.push("stdout", Buffer.alloc(2 * 1024 * 1024));
    assert.equal(relay.droppedBytes, 1024 * 1024);
  });

  it("knows while a reader takes what is printed on stderr [stdio:once]", async () => {
    const relay = new StdioRelay();
    relay.push("stderr", Buffer.from("x"));
    const plain = relay.read(new AbortController().signal);
    const taker = relay.read(new AbortController().signal, { takesStderr: true });
    await plain.next();
    assert.deepEqual([relay.isRead, relay.isStderrTaken], [true, false]);
    relay.push("stderr", Buffer.from("y"));
    await taker.next();
    assert.deepEqual([relay.isRead, relay.isStderrTaken], [true, true]);
    await taker.return(undefined);
    assert.deepEqual([relay.isRead, relay.isStderrTaken], [true, false]);
    await plain.return(undefined);
  });

  it("gives back only what is nowhere else [stdio:once]", () => {
    const relay = new StdioRelay();
    relay.push("stderr", Buffer.from("elsewhere"), { isOnlyCopy: false });
    relay.push("stderr", Buffer.from("only here"));
    assert.deepEqual(
      relay.takeOnlyCopies().map(({ data }) => Buffer.from(data).toString()),
      ["only here"],
    );
  });
});

import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import type { ClientConnection } from "@fairlead/grpc";
import { LogCollector } from "../../test/support/log-collector.ts";
import type { StdioData } from "../protocol/services.ts";
import { receiveStdio } from "./stdio-sink.ts";

/** A plugin that printed all this before anybody looked. */
function connectionWith(prints: readonly StdioData[]): {
  readonly connection: ClientConnection;
  readonly read: () => number;
} {
  let read = 0;
  async function* stream(): AsyncGenerator<StdioData> {
    for (const print of prints) {
      read++;
      yield await Promise.resolve(print);
    }
  }
  return { connection: { serverStream: () => stream() } as unknown as ClientConnection, read: () => read };
}

describe("receiveStdio", () => {
  it("leaves others their turn while a plugin floods its prints", async () => {
    const { connection, read } = connectionWith(
      Array.from({ length: 5_000 }, () => ({ channel: "stdout", data: Buffer.from("x\n") })),
    );
    const done = receiveStdio(connection, {}, new LogCollector(), new AbortController().signal);
    let most = 0;
    for (let before = 0; read() < 5_000;) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, read() - before);
      before = read();
    }
    await done;
    assert.ok(most <= 1_000, `${most} prints in one turn`);
  });

  it("says once that a plugin prints to a channel it does not know", async () => {
    const { connection } = connectionWith(
      Array.from({ length: 10 }, () => ({ channel: undefined, data: Buffer.alloc(1) })),
    );
    const logger = new LogCollector();
    await receiveStdio(connection, {}, logger, new AbortController().signal);
    assert.deepEqual(
      logger.events.map(({ message }) => message),
      ["unknown stdio channel, dropped"],
    );
  });

  it("cuts a print of many MiB into slices, and leaves others their turn [stdio:flood]", async () => {
    const print = Buffer.alloc(8 * 1024 * 1024, "x");
    const { connection } = connectionWith([{ channel: "stdout", data: print }]);
    let [received, largest] = [0, 0];
    const stdout = new Writable({
      highWaterMark: 2 * print.length,
      write(chunk: Buffer, _encoding, callback) {
        received += chunk.length;
        largest = Math.max(largest, chunk.length);
        callback();
      },
    });
    const done = receiveStdio(connection, { stdout }, new LogCollector(), new AbortController().signal);
    let most = 0;
    for (let before = 0; received < print.length;) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, received - before);
      before = received;
    }
    await done;
    assert.ok(largest <= 64 * 1024, `${largest} bytes in one write`);
    assert.ok(most <= 1024 * 1024, `${most} bytes in one turn`);
  });

  it("reads no further while a sink is full, and leaves no listeners on it [stdio:flood]", async () => {
    const prints = Array.from({ length: 1_000 }, () => ({ channel: "stdout", data: Buffer.alloc(1_000) }) as const);
    const { connection, read } = connectionWith(prints);
    const waiting: (() => void)[] = [];
    const stdout = new Writable({
      highWaterMark: 500,
      write(_chunk, _encoding, callback) {
        waiting.push(callback);
      },
    });
    const done = receiveStdio(connection, { stdout }, new LogCollector(), new AbortController().signal);
    let listeners = 0;
    for (let written = 0; written < prints.length; written++) {
      while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
      assert.ok(read() <= written + 1, `${read()} read, ${written} written`);
      listeners = Math.max(listeners, stdout.listenerCount("close"));
      waiting.shift()?.();
    }
    await done;
    assert.ok(listeners <= 2, `${listeners} listeners`);
  });

  it("goes on reading when a full sink fails, is closed, or never drains until the plugin is gone [stdio:flood]", async () => {
    for (const end of ["error", "close", "abort"] as const) {
      const prints = Array.from({ length: 3 }, () => ({ channel: "stderr", data: Buffer.alloc(10) }) as const);
      const { connection, read } = connectionWith(prints);
      const stderr = new Writable({ highWaterMark: 1, write() {} });
      stderr.on("error", () => {});
      const gone = new AbortController();
      const done = receiveStdio(connection, { stderr }, new LogCollector(), gone.signal);
      while (stderr.writableLength === 0) await new Promise((resolve) => setImmediate(resolve));
      if (end === "error") stderr.destroy(new Error("disk full"));
      if (end === "close") stderr.destroy();
      if (end === "abort") gone.abort();
      await done;
      assert.equal(read(), 3);
    }
  });
});

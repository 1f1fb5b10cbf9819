import assert from "node:assert/strict";
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
});

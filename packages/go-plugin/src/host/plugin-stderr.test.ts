import assert from "node:assert/strict";
import { once } from "node:events";
import { PassThrough, Writable } from "node:stream";
import { describe, it } from "node:test";
import { LogCollector } from "../../test/support/log-collector.ts";
import { LogBudget } from "./log-budget.ts";
import { readStderr } from "./plugin-stderr.ts";
import type { StderrOptions } from "./plugin-stderr.ts";

function setUp(burst = 1_000_000, options: Omit<StderrOptions, "budget"> = {}) {
  const stderr = new PassThrough();
  const logger = new LogCollector();
  const budget = new LogBudget({ burst, perSecond: 1 }, () => 0);
  const excerpt = readStderr(stderr, logger, { budget, ...options });
  const end = async (): Promise<void> => {
    stderr.end();
    await once(stderr, "close");
  };
  const dropped = (): number =>
    logger.events
      .filter(({ message }) => message === "plugin log lines dropped")
      .reduce((sum, { fields }) => sum + Number(fields["count"]), 0);
  const lines = (): readonly string[] =>
    logger.events.map(({ message }) => message).filter((message) => message !== "plugin log lines dropped");
  return { stderr, logger, excerpt, end, dropped, lines };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("readStderr", () => {
  it("logs every line in its order, the last one without its newline too", async () => {
    const { stderr, end, lines } = setUp();
    const written = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    stderr.write(written.slice(0, 3_000).join("\n"));
    await turn();
    stderr.write(`\n${written.slice(3_000).join("\n")}`);
    await end();
    assert.deepEqual(lines(), written);
  });

  it("leaves others their turn while a plugin floods its log", async () => {
    const { stderr, end, lines } = setUp();
    let most = 0;
    for (let chunk = 0; chunk < 4; chunk++) stderr.write("x\n".repeat(8_000));
    for (let before = 0; lines().length < 32_000;) {
      await turn();
      most = Math.max(most, lines().length - before);
      before = lines().length;
    }
    assert.ok(most <= 1_000, `${most} lines in one turn`);
    await end();
  });

  it("drops what is more than its budget, and says how much", async () => {
    const { stderr, end, lines, dropped } = setUp(100);
    for (let chunk = 0; chunk < 10; chunk++) {
      stderr.write("[INFO] x\n".repeat(7_000));
      await turn();
    }
    await end();
    assert.equal(lines().length, 100);
    assert.equal(dropped(), 70_000 - 100);
  });

  it("counts a long line as many", async () => {
    const { stderr, end, lines } = setUp(100);
    for (let index = 0; index < 10; index++) stderr.write(`${"x".repeat(30_000)}\n`);
    await end();
    assert.equal(lines().length, 3);
  });

  it("still knows the last lines of a flood that was dropped", async () => {
    const { stderr, end, excerpt, dropped } = setUp(10);
    stderr.write("x\n".repeat(5_000));
    await turn();
    stderr.write("panic: boom\nlast words");
    await end();
    assert.deepEqual(excerpt.lines().slice(-2), ["panic: boom", "last words"]);
    assert.ok(excerpt.lines().includes("… (4986 more)"), excerpt.lines().join("\n"));
    assert.equal(dropped(), 4_992);
  });

  it("says soon what was dropped, not only at the end", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const { stderr, end, dropped } = setUp(10);
    stderr.write("x\n".repeat(15));
    await turn();
    assert.equal(dropped(), 0);
    context.mock.timers.tick(1_000);
    assert.equal(dropped(), 5);
    await end();
    assert.equal(dropped(), 5);
  });

  it("never waits for whoever wants a copy: what is more than 1 MiB is dropped and counted [log:raw]", async () => {
    const stuck: (() => void)[] = [];
    const copied: number[] = [];
    const copyTo = new Writable({
      write(chunk: Buffer, _encoding, callback) {
        copied.push(chunk.length);
        stuck.push(callback);
      },
    });
    const { stderr, end, lines, logger } = setUp(undefined, { copyTo });
    const chunk = `${"x".repeat(65_535)}\n`;
    for (let count = 0; count < 32; count++) {
      stderr.write(chunk);
      await turn();
    }
    // The log has everything although the copy has not moved.
    assert.equal(lines().length, 32);
    assert.equal(copied.length, 1);
    assert.equal(copyTo.writableLength, 1024 * 1024);
    while (stuck.length > 0) {
      stuck.shift()!();
      await turn();
    }
    stderr.write("last\n");
    await end();
    assert.equal(
      copied.reduce((sum, bytes) => sum + bytes, 0),
      1024 * 1024 + "last\n".length,
    );
    const report = logger.find("copy of plugin's stderr is incomplete, its sink is too slow");
    assert.deepEqual([report?.level, report?.fields["droppedBytes"]], ["warn", 1024 * 1024]);
  });

  it("does not mind a copy that fails [log:raw]", async () => {
    const copyTo = new Writable({ write: (_chunk, _encoding, callback) => callback(new TypeError("disk full")) });
    const failed = once(copyTo, "error");
    const { stderr, end, lines } = setUp(undefined, { copyTo });
    stderr.write("one\n");
    await failed;
    stderr.write("two\n");
    await end();
    assert.deepEqual(lines(), ["one", "two"]);
  });

  it("cuts lines where it is told to [log:limit]", async () => {
    const { stderr, end, lines } = setUp(undefined, { maxLineBytes: 4 });
    stderr.write("123456\n1234\n");
    await end();
    assert.deepEqual(lines(), ["1234", "56", "1234"]);
  });
});

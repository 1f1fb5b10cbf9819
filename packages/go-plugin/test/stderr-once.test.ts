import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { launchEcho } from "./support/launch-echo.ts";
import { LogCollector } from "./support/log-collector.ts";
import { Sandbox } from "./support/sandbox.ts";

/** Everything written to it. */
class TextSink extends Writable {
  text = "";

  override _write(chunk: Uint8Array, _encoding: string, callback: () => void): void {
    this.text += Buffer.from(chunk).toString();
    callback();
  }
}

function timesIn(logger: LogCollector, line: string): number {
  return logger.events.filter(({ message }) => message === line).length;
}

describe("what a plugin prints on stderr", { timeout: 60_000 }, () => {
  it("goes to the host's sink and not to its log as well [stdio:once]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const stderr = new TextSink();
    await using plugin = await launchEcho(sandbox, { logger, stdio: { stderr }, args: ["--say-stop"] });
    const echo = plugin.dispense("echo");
    await echo.echo("print stderr");
    await echo.echo("print stderr");
    await plugin.stop();
    assert.equal(stderr.text, "err\nerr\n");
    assert.equal(timesIn(logger, "err"), 0);
    // Its stream has ended by then: the log is where it still gets.
    assert.equal(timesIn(logger, "[INFO] stop ran"), 1);
  });

  it("goes to the log of a host that has no sink for it [stdio:once]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const stdout = new TextSink();
    await using plugin = await launchEcho(sandbox, { logger, stdio: { stdout } });
    await plugin.dispense("echo").echo("print stderr");
    await plugin.stop();
    assert.equal(timesIn(logger, "err"), 1);
  });

  it("arrives once, also when it was the plugin's last words [stdio:once]", async () => {
    await using sandbox = new Sandbox();
    const logger = new LogCollector();
    const stderr = new TextSink();
    const plugin = await launchEcho(sandbox, { logger, stdio: { stderr } });
    await assert.rejects(plugin.dispense("echo").echo("last words"));
    assert.deepEqual(await plugin.exited, { code: 7, signal: null });
    assert.equal(timesIn(logger, "last words") + stderr.text.split("last words").length - 1, 1);
  });
});

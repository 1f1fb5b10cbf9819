import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, suite, test } from "node:test";
import { isAlive } from "../e2e/harness/processes.ts";
import { waitFor } from "../e2e/harness/wait-for.ts";
import { buildInterop } from "./build.ts";
import { bundlePlugin } from "./bundle-plugin.ts";
import { formatEventLine, parseEventLine, readEventLines, type AnyEvent } from "./event-lines.ts";
import { runGoHost, spawnGoHost } from "./go-host.ts";
import { fullProviderEvent, sampleEvents } from "./sample-events.ts";
import { openTempFolder, type TempFolder } from "./temp-folder.ts";

const built = await buildInterop();

suite("Go host, our plugin", { skip: built === undefined && "go is not installed" }, () => {
  const { notifierHost } = built!;
  let folder: TempFolder;
  let plugin: string;
  before(async () => {
    folder = await openTempFolder();
    const entry = join(import.meta.dirname, "fixtures", "recording-notifier.ts");
    plugin = await bundlePlugin(entry, folder.at("recording-notifier"));
  });
  after(async () => await folder[Symbol.asyncDispose]());

  for (const autoMtls of [false, true]) {
    test(`every field arrives and the plugin leaves at once when told, autoMtls ${autoMtls} [call:fields serve:cookie serve:line serve:services mtls:plugin serve:shutdown]`, async () => {
      const out = folder.at(`events-${autoMtls}`);
      const env = { RECORDING_NOTIFIER_OUT: out };
      const run = await runGoHost(notifierHost, plugin, { autoMtls, env, events: sampleEvents });
      assert.equal(run.error, undefined, JSON.stringify(run.log));
      assert.equal(run.started?.protocolVersion, 1);
      assert.deepEqual(
        run.calls.map(({ code }) => code),
        sampleEvents.map(() => "OK"),
      );
      assert.deepEqual(await readEventLines(out), sampleEvents.map(formatEventLine).map(parseEventLine));
      assert.deepEqual([run.stopped?.exited, run.stopped?.code, run.exitCode], [true, 0, 0]);
      // go-plugin kills a plugin that does not leave on Shutdown within 2 s, and warns.
      assert.deepEqual(
        run.log.filter((line) => line["@level"] === "error"),
        [],
      );
    });
  }

  test("an event of 20 MiB passes [call:size]", async () => {
    const out = folder.at("large");
    const large: AnyEvent = { provider: { ...fullProviderEvent, objectData: randomBytes(20 * 1_048_576) } };
    const env = { RECORDING_NOTIFIER_OUT: out };
    const run = await runGoHost(notifierHost, plugin, { autoMtls: true, env, events: [large] });
    assert.deepEqual(
      run.calls.map(({ code, message }) => [code, message]),
      [["OK", undefined]],
    );
    assert.equal((await readFile(out, "utf8")).trim() === formatEventLine(large), true);
  });

  test("the plugin leaves when its host is killed [serve:orphan serve:listen]", async () => {
    const temporary = folder.at("tmp");
    await mkdir(temporary);
    const host = spawnGoHost(notifierHost, plugin, { autoMtls: true, env: { TMPDIR: temporary } });
    host.stderr.resume();
    for await (const line of createInterface({ input: host.stdout })) {
      const { started } = JSON.parse(line) as { started: { pid: number } };
      assert.notDeepEqual(await readdir(temporary), []);
      host.kill("SIGKILL");
      await waitFor("the plugin's end", () => !isAlive(started.pid));
    }
    assert.deepEqual(await readdir(temporary), []);
  });

  test("what a handler throws is status Unknown with its message [call:error]", async () => {
    const env = { RECORDING_NOTIFIER_FAIL: "disk full" };
    const run = await runGoHost(notifierHost, plugin, { autoMtls: true, env, events: sampleEvents.slice(-1) });
    assert.deepEqual(
      run.calls.map(({ code, message }) => [code, message]),
      [["Unknown", "disk full"]],
    );
    assert.equal(run.stopped?.code, 0);
  });

  test("the plugin's log reaches the host with its level and fields [serve:log]", async () => {
    const run = await runGoHost(notifierHost, plugin, { autoMtls: false, events: sampleEvents.slice(0, 1) });
    const line = run.log.find((entry) => entry["@message"] === "event recorded");
    assert.deepEqual([line?.["@level"], line?.["kind"]], ["warn", "fs"]);
  });

  test("the right checksum lets the plugin start, another does not [launch:checksum]", async () => {
    const sha256 = createHash("sha256")
      .update(await readFile(plugin))
      .digest("hex");
    const right = await runGoHost(notifierHost, plugin, { autoMtls: true, sha256, events: sampleEvents.slice(0, 1) });
    assert.deepEqual(
      right.calls.map(({ code }) => code),
      ["OK"],
    );
    const wrong = await runGoHost(notifierHost, plugin, { autoMtls: true, sha256: "00".repeat(32), events: [] });
    assert.match(wrong.error ?? "", /checksums did not match/);
  });
});

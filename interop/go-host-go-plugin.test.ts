import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { buildInterop } from "./build.ts";
import { formatEventLine, parseEventLine, readEventLines } from "./event-lines.ts";
import { runGoHost } from "./go-host.ts";
import { sampleEvents } from "./sample-events.ts";
import { openTempFolder } from "./temp-folder.ts";

const built = await buildInterop();

// The two peers against each other: what holds here must hold when either side is ours.
suite("Go host, Go plugin", { skip: built === undefined && "go is not installed" }, () => {
  const { notifierHost, notifierPlugin } = built!;
  for (const autoMtls of [false, true]) {
    test(`every field arrives, autoMtls ${autoMtls} [call:fields]`, async () => {
      await using folder = await openTempFolder();
      const out = folder.at("events");
      const env = { NOTIFIER_PLUGIN_OUT: out };
      const run = await runGoHost(notifierHost, notifierPlugin, { autoMtls, env, events: sampleEvents });
      assert.equal(run.error, undefined);
      assert.deepEqual(
        run.calls.map(({ code }) => code),
        sampleEvents.map(() => "OK"),
      );
      assert.deepEqual(await readEventLines(out), sampleEvents.map(formatEventLine).map(parseEventLine));
      assert.equal(run.stopped?.code, 0);
      assert.equal(run.exitCode, 0);
    });
  }

  test("an error of the plugin is status Unknown with its text [call:error]", async () => {
    const env = { NOTIFIER_PLUGIN_FAIL: "disk full" };
    const run = await runGoHost(notifierHost, notifierPlugin, {
      autoMtls: false,
      env,
      events: sampleEvents.slice(0, 1),
    });
    assert.deepEqual(
      run.calls.map(({ code, message }) => [code, message]),
      [["Unknown", "disk full"]],
    );
  });

  test("a plugin that dies in a call is status Unavailable, its exit code is seen [call:gone]", async () => {
    // Go's plugin leaves its socket behind when it crashes.
    await using folder = await openTempFolder();
    const env = { NOTIFIER_PLUGIN_CRASH: "2", TMPDIR: folder.path };
    const run = await runGoHost(notifierHost, notifierPlugin, {
      autoMtls: true,
      env,
      events: sampleEvents.slice(0, 2),
    });
    assert.deepEqual(
      run.calls.map(({ code }) => code),
      ["OK", "Unavailable"],
    );
    assert.equal(run.stopped?.code, 7);
  });

  test("another checksum keeps the plugin from starting [launch:checksum]", async () => {
    const run = await runGoHost(notifierHost, notifierPlugin, { autoMtls: false, sha256: "00".repeat(32), events: [] });
    assert.match(run.error ?? "", /checksums did not match/);
    assert.equal(run.started, undefined);
  });
});

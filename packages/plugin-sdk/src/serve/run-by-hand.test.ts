import assert from "node:assert/strict";
import { test } from "node:test";
import { describeNotifier } from "../notifier/describe-notifier.ts";
import { formatRunByHandText } from "./run-by-hand.ts";

const handlers = { onFsEvent: () => {}, onLogEvent: () => {} };
const executable = { path: "/opt/plugins/audit", runnable: true, needsPath: true };

function readConfig(text: string): unknown {
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
}

test("the configuration to paste is JSON that sends what the plugin handles", () => {
  const config = readConfig(formatRunByHandText(describeNotifier(handlers), executable));
  assert.deepEqual(config, {
    type: "notifier",
    cmd: "/opt/plugins/audit",
    auto_mtls: true,
    env_vars: ["PATH"],
    notifier_options: {
      fs_events: [
        "download",
        "first-download",
        "upload",
        "first-upload",
        "delete",
        "rename",
        "mkdir",
        "rmdir",
        "copy",
        "ssh_cmd",
      ],
      log_events: [1, 2, 3, 4, 5],
      retry_max_time: 60,
    },
  });
});

test("a single executable needs no PATH", () => {
  const text = formatRunByHandText(describeNotifier(handlers), { ...executable, needsPath: false });
  assert.ok(!("env_vars" in (readConfig(text) as object)));
});

test("a script that a server could not start comes with what to do first", () => {
  const text = formatRunByHandText(describeNotifier(handlers), { ...executable, runnable: false });
  assert.match(text, /#!\/usr\/bin\/env node/);
  assert.match(text, /chmod \+x \/opt\/plugins\/audit/);
});

test("a plugin that no server would take says what it lacks, and no entry to paste", () => {
  const text = formatRunByHandText(describeNotifier({}), executable);
  assert.match(text, /no handlers yet.*onFsEvent, onProviderEvent or onLogEvent/);
  assert.ok(!text.includes("{"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEventSearcher } from "../eventsearcher/describe-eventsearcher.ts";
import { describeNotifier } from "../notifier/describe-notifier.ts";
import { formatRunByHandText } from "./run-by-hand.ts";

const handlers = { onFsEvent: () => {}, onLogEvent: () => {} };
const executable = { path: "/opt/plugins/audit", runnable: true, needsPath: true };
const needs = { args: [], envPrefix: undefined, variables: [], settings: "" };

function readConfig(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) as Readonly<Record<string, unknown>>;
}

test("the configuration to paste is JSON that sends what the plugin handles", () => {
  const config = readConfig(formatRunByHandText([describeNotifier(handlers)], executable));
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
  const text = formatRunByHandText([describeNotifier(handlers)], { ...executable, needsPath: false });
  assert.ok(!("env_vars" in readConfig(text)));
});

test("a script that a server could not start comes with what to do first", () => {
  const text = formatRunByHandText([describeNotifier(handlers)], { ...executable, runnable: false });
  assert.match(text, /#!\/usr\/bin\/env node/);
  assert.match(text, /chmod \+x \/opt\/plugins\/audit/);
});

test("a plugin that no server would take says what it lacks, and no entry to paste", () => {
  const text = formatRunByHandText([describeNotifier({})], executable);
  assert.match(text, /no handlers yet.*onFsEvent, onProviderEvent or onLogEvent/);
  assert.ok(!text.includes("{"));
});

test("a plugin of several kinds has an entry for each", () => {
  const text = formatRunByHandText([describeNotifier(handlers), describeEventSearcher(undefined)], executable);
  assert.match(text, /^\/opt\/plugins\/audit is several plugins for SFTPGo and Fairlead/);
  const entries = JSON.parse(`[${text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)}]`) as { type: string }[];
  assert.deepEqual(
    entries.map(({ type }) => type),
    ["notifier", "eventsearcher"],
  );
});

test("a gate is told, as no entry shows it", () => {
  const [audit] = [describeNotifier(handlers)];
  assert.match(formatRunByHandText([audit], executable, { hasGate: true }), /gate: Fairlead asks it before/);
  assert.doesNotMatch(formatRunByHandText([audit], executable), /gate/);
});

test("handlers that are not known yet may be any", () => {
  const config = readConfig(formatRunByHandText([describeNotifier(undefined)], executable));
  assert.deepEqual(Object.keys(config["notifier_options"] as object), [
    "fs_events",
    "provider_events",
    "provider_objects",
    "log_events",
    "retry_max_time",
  ]);
});

test("what the plugin has to be given is in its entry", () => {
  const text = formatRunByHandText([describeEventSearcher(undefined)], executable, {
    needs: {
      args: ["serve", "--dsn=<string>"],
      envPrefix: "SFTPGO_PLUGIN_AUDIT_",
      variables: ["DATABASE_URL"],
      settings: "  --dsn <string>\n      the database\n",
    },
  });
  assert.deepEqual(readConfig(text), {
    type: "eventsearcher",
    cmd: "/opt/plugins/audit",
    args: ["serve", "--dsn=<string>"],
    auto_mtls: true,
    env_prefix: "SFTPGO_PLUGIN_AUDIT_",
    env_vars: ["PATH", "DATABASE_URL"],
  });
  assert.match(text, /--dsn <string>\n {6}the database\n\n$/);
});

test("a prefix that the server derives itself is not in the entry", () => {
  for (const path of ["/opt/plugins/my-audit", "/opt/plugins/my-audit.ts", "/opt/my.dir/my-audit.mjs"]) {
    const text = formatRunByHandText(
      [describeEventSearcher(undefined)],
      { ...executable, path },
      { needs: { ...needs, envPrefix: "MY_AUDIT_" } },
    );
    assert.ok(!("env_prefix" in readConfig(text)), path);
  }
});

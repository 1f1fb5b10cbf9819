import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { PluginHostError } from "@fairlead/plugin-host";

import { type Config, loadConfig } from "./load-config.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-plugins-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function load(files: Readonly<Record<string, string>>, env: Record<string, string> = {}): Config {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return loadConfig({ configDir: folder, env });
}

// One section of every type and of every kind of value, in each way it may be written.

const JSON_FILE = JSON.stringify({
  plugins: [
    {
      type: "notifier",
      cmd: "/n",
      args: ["-a", "1"],
      sha256sum: "ab".repeat(32),
      auto_mtls: true,
      env_prefix: "none",
      env_vars: ["PATH"],
      notifier_options: {
        fs_events: ["upload", "delete"],
        provider_events: ["add"],
        provider_objects: ["user"],
        log_events: [1, 5],
        retry_max_time: 60,
        retry_queue_max_size: 1000,
      },
      fairlead: {
        restart: { initial_delay: 0.5, max_failures: 3 },
        health: { interval: 2.5 },
        delivery: "journal",
      },
    },
    { type: "auth", cmd: "/a", auth_options: { scope: 5 }, fairlead: { start_timeout: 10, required: false } },
    { type: "kms", cmd: "/k", kms_options: { scheme: "hashivault", encrypted_status: "VaultTransit" } },
    {
      type: "ipfilter",
      cmd: "/i",
      fairlead: {
        on_unavailable: "deny",
        gate: { timeout: 1, on_failure: "allow" },
        sandbox: { read: ["lists", "/srv/lists"], write: [], network: true },
      },
    },
    { type: "eventsearcher", cmd: "/e" },
  ],
});

const YAML_FILE = `
plugins:
  - type: notifier
    cmd: /n
    args: ["-a", "1"]
    sha256sum: ${"ab".repeat(32)}
    auto_mtls: true
    env_prefix: none
    env_vars:
      - PATH
    notifier_options:
      fs_events: [upload, delete]
      provider_events: [add]
      provider_objects: [user]
      log_events: [1, 5]
      retry_max_time: 60
      retry_queue_max_size: 1000
    fairlead:
      restart: {initial_delay: 0.5, max_failures: 3}
      health: {interval: 2.5}
      delivery: journal
  - {type: auth, cmd: /a, auth_options: {scope: 5}, fairlead: {start_timeout: 10, required: false}}
  - {type: kms, cmd: /k, kms_options: {scheme: hashivault, encrypted_status: VaultTransit}}
  - type: ipfilter
    cmd: /i
    fairlead:
      on_unavailable: deny
      gate: {timeout: 1, on_failure: allow}
      sandbox: {read: [lists, /srv/lists], write: [], network: true}
  - {type: eventsearcher, cmd: /e}
`;

const TOML_FILE = `
[[plugins]]
type = "notifier"
cmd = "/n"
args = ["-a", "1"]
sha256sum = "${"ab".repeat(32)}"
auto_mtls = true
env_prefix = "none"
env_vars = ["PATH"]
[plugins.notifier_options]
fs_events = ["upload", "delete"]
provider_events = ["add"]
provider_objects = ["user"]
log_events = [1, 5]
retry_max_time = 60
retry_queue_max_size = 1000
[plugins.fairlead]
restart = { initial_delay = 0.5, max_failures = 3 }
health = { interval = 2.5 }
delivery = "journal"

[[plugins]]
type = "auth"
cmd = "/a"
auth_options = { scope = 5 }
fairlead = { start_timeout = 10, required = false }

[[plugins]]
type = "kms"
cmd = "/k"
kms_options = { scheme = "hashivault", encrypted_status = "VaultTransit" }

[[plugins]]
type = "ipfilter"
cmd = "/i"
[plugins.fairlead]
on_unavailable = "deny"
gate = { timeout = 1, on_failure = "allow" }
sandbox = { read = ["lists", "/srv/lists"], write = [], network = true }

[[plugins]]
type = "eventsearcher"
cmd = "/e"
`;

const VARIABLES: Readonly<Record<string, string>> = {
  SFTPGO_PLUGINS__0__TYPE: "notifier",
  SFTPGO_PLUGINS__0__CMD: "/n",
  SFTPGO_PLUGINS__0__ARGS: "-a, 1",
  SFTPGO_PLUGINS__0__SHA256SUM: "AB".repeat(32),
  SFTPGO_PLUGINS__0__AUTO_MTLS: "1",
  SFTPGO_PLUGINS__0__ENV_PREFIX: "none",
  SFTPGO_PLUGINS__0__ENV_VARS: "PATH",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__FS_EVENTS: "upload,delete",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__PROVIDER_EVENTS: "add",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__PROVIDER_OBJECTS: "user",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__LOG_EVENTS: "1,5",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_MAX_TIME: "60",
  SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_QUEUE_MAX_SIZE: "1000",
  SFTPGO_PLUGINS__0__FAIRLEAD__RESTART__INITIAL_DELAY: "0.5",
  SFTPGO_PLUGINS__0__FAIRLEAD__RESTART__MAX_FAILURES: "3",
  SFTPGO_PLUGINS__0__FAIRLEAD__HEALTH__INTERVAL: "2.5",
  SFTPGO_PLUGINS__0__FAIRLEAD__DELIVERY: "journal",
  SFTPGO_PLUGINS__1__TYPE: "auth",
  SFTPGO_PLUGINS__1__CMD: "/a",
  SFTPGO_PLUGINS__1__AUTH_OPTIONS__SCOPE: "5",
  SFTPGO_PLUGINS__1__FAIRLEAD__START_TIMEOUT: "10",
  SFTPGO_PLUGINS__1__FAIRLEAD__REQUIRED: "false",
  SFTPGO_PLUGINS__2__TYPE: "kms",
  SFTPGO_PLUGINS__2__CMD: "/k",
  SFTPGO_PLUGINS__2__KMS_OPTIONS__SCHEME: "hashivault",
  SFTPGO_PLUGINS__2__KMS_OPTIONS__ENCRYPTED_STATUS: "VaultTransit",
  SFTPGO_PLUGINS__3__TYPE: "ipfilter",
  SFTPGO_PLUGINS__3__CMD: "/i",
  SFTPGO_PLUGINS__3__FAIRLEAD__ON_UNAVAILABLE: "deny",
  SFTPGO_PLUGINS__3__FAIRLEAD__GATE__TIMEOUT: "1",
  SFTPGO_PLUGINS__3__FAIRLEAD__GATE__ON_FAILURE: "allow",
  SFTPGO_PLUGINS__3__FAIRLEAD__SANDBOX__READ: "lists,/srv/lists",
  SFTPGO_PLUGINS__3__FAIRLEAD__SANDBOX__WRITE: "",
  SFTPGO_PLUGINS__3__FAIRLEAD__SANDBOX__NETWORK: "true",
  SFTPGO_PLUGINS__4__TYPE: "eventsearcher",
  SFTPGO_PLUGINS__4__CMD: "/e",
};

const ENV_FILE = Object.entries(VARIABLES)
  .map(([name, value]) => `${name}='${value}'\n`)
  .join("");

for (const [name, files, env] of [
  ["YAML", { "sftpgo.yaml": YAML_FILE }, {}],
  ["TOML", { "sftpgo.toml": TOML_FILE }, {}],
  ["variables", {}, VARIABLES],
  ["a file of env.d", { "env.d/plugins.env": ENV_FILE }, {}],
  ["variables over a file", { "sftpgo.json": JSON.stringify({ plugins: [{ type: "kms", CMD: "/x" }] }) }, VARIABLES],
] as const) {
  test(`plugins mean the same in ${name} as in JSON`, () => {
    const expected = load({ "sftpgo.json": JSON_FILE }).plugins;
    rmSync(join(folder, "sftpgo.json"));
    const config = load(files, env);
    assert.equal(config.plugins.length, 5);
    assert.deepEqual(config.plugins, expected);
    assert.deepEqual(config.warnings, []);
  });
}

test("a variable comes before env.d, and both before the file", () => {
  const entry = { type: "ipfilter", cmd: "/file", args: ["file"], env_prefix: "file" };
  const config = load(
    {
      "sftpgo.json": JSON.stringify({ plugins: [entry] }),
      "env.d/a.env": "SFTPGO_PLUGINS__0__CMD=/env.d\nSFTPGO_PLUGINS__0__ENV_PREFIX=env.d\n",
    },
    { SFTPGO_PLUGINS__0__CMD: "/variable" },
  );
  const [plugin] = config.plugins;
  assert.deepEqual([plugin?.cmd, plugin?.envPrefix, plugin?.args], ["/variable", "env.d", ["file"]]);
});

test("a sandbox's relative paths start from the folder of the file that was read", () => {
  const fairlead = { sandbox: { read: ["lists"] } };
  const file = join(folder, "elsewhere", "sftpgo.json");
  mkdirSync(dirname(file));
  writeFileSync(file, JSON.stringify({ plugins: [{ type: "ipfilter", cmd: "/i", fairlead }] }));
  const [plugin] = loadConfig({ configDir: folder, env: {}, configFile: file }).plugins;
  assert.deepEqual(plugin?.fairlead.sandbox?.read, [join(folder, "elsewhere", "lists")]);
});

test("the server's start timeout and delivery hold for plugins that have none of their own", () => {
  const silent = { type: "notifier", cmd: "/n", notifier_options: { log_events: [5] } };
  const own = { ...silent, fairlead: { start_timeout: 5, delivery: "memory" } };
  const section = { fairlead: { plugin_start_timeout: 90, delivery: "journal" }, plugins: [silent, own] };
  const { plugins } = load({ "sftpgo.json": JSON.stringify(section) });
  assert.deepEqual(
    plugins.map(({ fairlead }) => [fairlead.startTimeoutMs, fairlead.delivery]),
    [
      [90_000, "journal"],
      [5_000, "memory"],
    ],
  );
});

test("an error names the file, or the variable the value came from", () => {
  assert.throws(
    () => load({ "sftpgo.yaml": "plugins: [{type: auth, cmd: /a, auth_options: {scope: 16}}]" }),
    (error) =>
      PluginHostError.is(error, "ERR_PLUGIN_CONFIG") &&
      error.message.startsWith(`plugins[0].auth_options.scope in ${join(folder, "sftpgo.yaml")} is 16: `),
  );
  assert.throws(
    () => load({}, { SFTPGO_PLUGINS__0__AUTH_OPTIONS__SCOPE: "17" }),
    (error) =>
      PluginHostError.is(error, "ERR_PLUGIN_CONFIG") &&
      error.message.startsWith("plugins[0].auth_options.scope in SFTPGO_PLUGINS__0__AUTH_OPTIONS__SCOPE is 17: "),
  );
});

test("a variable that is ignored, and an entry that is never asked, are warnings", () => {
  const plugins = ["/a", "/b"].map((cmd) => ({ type: "auth", cmd, auth_options: { scope: 1 } }));
  const config = load({ "sftpgo.json": JSON.stringify({ plugins }) }, { SFTPGO_PLUGINS__0__AUTO_MTLS: "yes" });
  assert.deepEqual(config.warnings, [
    'SFTPGO_PLUGINS__0__AUTO_MTLS is "yes", not true or false: it is ignored',
    'plugins[1] (auth "/b") is never asked about password logins: plugins[0] (auth "/a") comes before it and decides alone',
  ]);
});

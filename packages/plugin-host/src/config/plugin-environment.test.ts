import assert from "node:assert/strict";
import { test } from "node:test";
import { applyPluginEnvironment, findUnknownPluginVariables } from "./plugin-environment.ts";

const file = [
  { type: "notifier", Cmd: "/a", args: ["x"], notifier_options: { FS_Events: ["upload"], log_events: [1] } },
];

interface Row {
  readonly name: string;
  readonly file?: unknown;
  readonly env: Readonly<Record<string, string>>;
  readonly expected: unknown;
}

const rows: readonly Row[] = [
  { name: "no variable leaves the list as it is", file, env: { OTHER: "x" }, expected: file },
  { name: "no file and no variable is an empty list", env: {}, expected: [] },
  {
    name: "a variable wins over the file's key, whatever its case",
    file,
    env: { SFTPGO_PLUGINS__0__CMD: "/b", SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__FS_EVENTS: "a, b ,,c" },
    expected: [
      { type: "notifier", args: ["x"], cmd: "/b", notifier_options: { log_events: [1], fs_events: ["a", "b", "c"] } },
    ],
  },
  {
    name: "an index beyond the list appends and gaps close up",
    file,
    env: { SFTPGO_PLUGINS__5__TYPE: "kms", SFTPGO_PLUGINS__9__TYPE: "auth" },
    expected: [...file, { type: "kms" }, { type: "auth" }],
  },
  { name: "an index alone becomes the first entry", env: { SFTPGO_PLUGINS__5__CMD: "/c" }, expected: [{ cmd: "/c" }] },
  { name: "index 10 is not looked at", env: { SFTPGO_PLUGINS__10__CMD: "/c" }, expected: [] },
  { name: "names are compared as they are", env: { sftpgo_plugins__0__cmd: "/c" }, expected: [] },
  {
    name: "a set but empty variable clears a list",
    file: [{ args: ["x"] }],
    env: { SFTPGO_PLUGINS__0__ARGS: "" },
    expected: [{ args: [] }],
  },
  {
    name: "a set but empty variable does not clear log events",
    file: [{ notifier_options: { log_events: [1] } }],
    env: { SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__LOG_EVENTS: "" },
    expected: [{ notifier_options: { log_events: [1] } }],
  },
  {
    name: "log events that are no numbers are left out",
    env: { SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__LOG_EVENTS: "1, five,5,2.5" },
    expected: [{ notifier_options: { log_events: [1, 5] } }],
  },
  {
    name: "a number or boolean that does not parse is as good as unset",
    env: {
      SFTPGO_PLUGINS__0__AUTO_MTLS: "yes",
      SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_MAX_TIME: "1m",
      SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_QUEUE_MAX_SIZE: "4294967296",
    },
    expected: [],
  },
  {
    name: "numbers and booleans are read as Go reads them",
    env: {
      SFTPGO_PLUGINS__0__AUTO_MTLS: " T ",
      SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_MAX_TIME: " +30 ",
      SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_QUEUE_MAX_SIZE: "-1",
    },
    expected: [{ auto_mtls: true, notifier_options: { retry_max_time: 30, retry_queue_max_size: -1 } }],
  },
  {
    name: "options of other kinds make an entry too",
    env: { SFTPGO_PLUGINS__0__KMS_OPTIONS__SCHEME: "awskms", SFTPGO_PLUGINS__1__AUTH_OPTIONS__SCOPE: "5" },
    expected: [{ kms_options: { scheme: "awskms" } }, { auth_options: { scope: 5 } }],
  },
  {
    name: "our own options are handed over as they are written, and empty ones are as good as unset",
    env: {
      SFTPGO_PLUGINS__0__FAIRLEAD__RESTART__MAX_DELAY: " 2.5 ",
      SFTPGO_PLUGINS__0__FAIRLEAD__REQUIRED: "maybe",
      SFTPGO_PLUGINS__0__FAIRLEAD__ON_UNAVAILABLE: "",
      SFTPGO_PLUGINS__0__FAIRLEAD__SANDBOX__READ: "a, b",
    },
    expected: [{ fairlead: { restart: { max_delay: "2.5" }, required: "maybe", sandbox: { read: ["a", "b"] } } }],
  },
  {
    name: "a section that is no list stays for the parser to refuse",
    file: "x",
    env: { SFTPGO_PLUGINS__0__CMD: "/c" },
    expected: "x",
  },
  {
    name: "an entry that is no object stays for the parser to refuse",
    file: ["x"],
    env: { SFTPGO_PLUGINS__0__CMD: "/c" },
    expected: ["x"],
  },
];

for (const { name, file: plugins, env, expected } of rows) {
  test(name, () => {
    assert.deepEqual(applyPluginEnvironment(plugins, env).plugins, expected);
  });
}

test("each value of a variable is named with it, at the place it got", () => {
  const { origins } = applyPluginEnvironment(file, {
    SFTPGO_PLUGINS__0__CMD: "/b",
    SFTPGO_PLUGINS__7__AUTH_OPTIONS__SCOPE: "1",
  });
  assert.deepEqual(
    [...origins],
    [
      ["0.cmd", "SFTPGO_PLUGINS__0__CMD"],
      ["1.auth_options.scope", "SFTPGO_PLUGINS__7__AUTH_OPTIONS__SCOPE"],
    ],
  );
});

test("a variable that is ignored because it does not parse is told", () => {
  const { warnings } = applyPluginEnvironment(file, {
    SFTPGO_PLUGINS__0__AUTO_MTLS: "yes",
    SFTPGO_PLUGINS__0__AUTH_OPTIONS__SCOPE: "password",
    SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__RETRY_MAX_TIME: "",
  });
  assert.deepEqual(warnings, [
    'SFTPGO_PLUGINS__0__AUTO_MTLS is "yes", not true or false: it is ignored',
    'SFTPGO_PLUGINS__0__AUTH_OPTIONS__SCOPE is "password", no whole number: it is ignored',
  ]);
});

test("the file's own entries are not changed", () => {
  const before = structuredClone(file);
  applyPluginEnvironment(file, { SFTPGO_PLUGINS__0__CMD: "/b" });
  assert.deepEqual(file, before);
});

test("variables that mean nothing are told, known, empty and foreign ones are not", () => {
  const env = {
    SFTPGO_PLUGINS__0__CMDS: "/p",
    SFTPGO_PLUGINS__10__CMD: "/p",
    SFTPGO_PLUGINS__0__CMD: "/p",
    SFTPGO_PLUGINS__9__KMS_OPTIONS__SCHEME: "x",
    SFTPGO_PLUGINS__0__ENV: "",
    SFTPGO_PLUGIN_AUTH_TLS: "1",
  };
  assert.deepEqual(findUnknownPluginVariables(env), [
    "unknown variable SFTPGO_PLUGINS__0__CMDS is ignored",
    "unknown variable SFTPGO_PLUGINS__10__CMD is ignored",
  ]);
});

for (const [wrong, right] of [
  ["SFTPGO_PLUGINS__0__SHA256", "SFTPGO_PLUGINS__N__SHA256SUM"],
  ["SFTPGO_PLUGINS__0__AUTO_MTL", "SFTPGO_PLUGINS__N__AUTO_MTLS"],
  ["SFTPGO_PLUGINS__10__AUTO_MTLS", "SFTPGO_PLUGINS__N__AUTO_MTLS"],
  ["SFTPGO_PLUGINS__0__SANDBOX__READ", "SFTPGO_PLUGINS__N__FAIRLEAD__SANDBOX"],
  ["SFTPGO_PLUGINS__0__FAIRLEAD__GATES__TIMEOUT", "SFTPGO_PLUGINS__N__FAIRLEAD"],
] as const) {
  test(`the protecting variable ${right} misspelt as ${wrong} is refused`, () => {
    assert.throws(
      () => findUnknownPluginVariables({ [wrong]: "1" }),
      (error) => error instanceof Error && error.message.startsWith(`${wrong} is no variable: did you mean ${right}`),
    );
  });
}

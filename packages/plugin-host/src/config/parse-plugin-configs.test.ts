import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginHostError } from "../plugin-host-error.ts";
import type { PluginHostErrorCode } from "../plugin-host-error.ts";
import type { NotifierPluginConfig, PluginConfig } from "./plugin-config.ts";
import { parsePluginConfigs } from "./parse-plugin-configs.ts";
import { applyPluginEnvironment } from "./plugin-environment.ts";

const minimal = { type: "notifier", cmd: "/p", notifier_options: { fs_events: ["upload"] } };

function withoutFairlead(configs: readonly PluginConfig[]): readonly unknown[] {
  return configs.map((config) => Object.fromEntries(Object.entries(config).filter(([key]) => key !== "fairlead")));
}

/** The only entry of a section, which is a notifier. */
function parseNotifier(entry: object): NotifierPluginConfig {
  const [config] = parsePluginConfigs([entry]);
  assert.ok(config?.type === "notifier");
  return config;
}

test("an entry is read with SFTPGo's defaults", () => {
  assert.deepEqual(withoutFairlead(parsePluginConfigs([minimal])), [
    {
      type: "notifier",
      cmd: "/p",
      args: [],
      autoMtls: false,
      envPrefix: "",
      envVars: [],
      notifierOptions: {
        fsEvents: ["upload"],
        providerEvents: [],
        providerObjects: [],
        logEvents: [],
        retryMaxTimeS: 0,
        retryQueueMaxSize: 0,
      },
    },
  ]);
});

test("every key is read, in any case", () => {
  const [config] = withoutFairlead(
    parsePluginConfigs([
      {
        TYPE: "notifier",
        Cmd: "p",
        Args: ["-a", "b,c"],
        SHA256Sum: "AB".repeat(32),
        Auto_MTLS: true,
        Env_Prefix: "*",
        Env_Vars: ["PATH"],
        Notifier_Options: {
          FS_Events: ["upload"],
          Provider_Events: ["add"],
          Provider_Objects: ["user"],
          Log_Events: [1, 5],
          Retry_Max_Time: 60,
          Retry_Queue_Max_Size: 1000,
        },
      },
    ]),
  );
  assert.deepEqual(config, {
    type: "notifier",
    cmd: "p",
    args: ["-a", "b,c"],
    sha256sum: "ab".repeat(32),
    autoMtls: true,
    envPrefix: "*",
    envVars: ["PATH"],
    notifierOptions: {
      fsEvents: ["upload"],
      providerEvents: ["add"],
      providerObjects: ["user"],
      logEvents: [1, 5],
      retryMaxTimeS: 60,
      retryQueueMaxSize: 1000,
    },
  });
});

test("loosely written values are read as SFTPGo reads them", () => {
  const config = parseNotifier({
    ...minimal,
    args: "a,b",
    auto_mtls: "true",
    env_prefix: null,
    unknown_key: 1,
    notifier_options: { log_events: ["1", 5], retry_max_time: "30", retry_queue_max_size: -1 },
  });
  assert.deepEqual(config.args, ["a", "b"]);
  assert.equal(config.autoMtls, true);
  assert.deepEqual(config.notifierOptions.logEvents, [1, 5]);
  assert.equal(config.notifierOptions.retryMaxTimeS, 30);
  assert.equal(config.notifierOptions.retryQueueMaxSize, 0);
});

test("keys that mean nothing are told, those of other kinds are not", () => {
  const warnings: string[] = [];
  const options = { ...minimal.notifier_options, FS_event: ["upload"] };
  const entry = { ...minimal, Arg: "ab", kms_options: { scheme: "" }, notifier_options: options };
  parsePluginConfigs([minimal, entry], { onWarning: (warning) => warnings.push(warning) });
  assert.deepEqual(warnings.sort(), [
    'unknown key "plugins[1].arg" is ignored',
    'unknown key "plugins[1].notifier_options.fs_event" is ignored',
  ]);
});

test("names of events that never happen are told", () => {
  const warnings: string[] = [];
  const options = {
    fs_events: ["upload", "uploads"],
    provider_events: ["add", "created"],
    provider_objects: ["user", "users"],
    log_events: [1, 6],
  };
  parsePluginConfigs([{ ...minimal, notifier_options: options }], { onWarning: (warning) => warnings.push(warning) });
  assert.deepEqual(warnings, [
    'plugins[0].notifier_options.fs_events: "uploads" never happens',
    'plugins[0].notifier_options.provider_events: "created" never happens',
    'plugins[0].notifier_options.provider_objects: "users" never happens',
    "plugins[0].notifier_options.log_events: 6 never happens",
  ]);
});

for (const [wrong, right] of [
  ["sha256", "sha256sum"],
  ["SHA256Sums", "sha256sum"],
  ["sha_256_sum", "sha256sum"],
  ["checksum", "sha256sum"],
  ["auto_mtl", "auto_mtls"],
  ["autoMtls", "auto_mtls"],
  ["mtls", "auto_mtls"],
  ["sandbox", "fairlead.sandbox"],
  ["on_unavailable", "fairlead.on_unavailable"],
  ["gates", "fairlead.gate"],
  ["FairLeads", "fairlead"],
] as const) {
  test(`a misspelt "${right}" is refused: ${wrong}`, () => {
    assert.throws(
      () => parsePluginConfigs([{ ...minimal, [wrong]: true }], { source: "f.json" }),
      (error) =>
        PluginHostError.is(error, "ERR_PLUGIN_CONFIG") &&
        error.message.startsWith(`plugins[0].${wrong.toLowerCase()} in f.json is no key: did you mean "${right}"?`),
    );
  });
}

test("a checksum in the wrong place is refused", () => {
  const options = { ...minimal.notifier_options, sha256sum: "ab".repeat(32) };
  assert.throws(
    () => parsePluginConfigs([{ ...minimal, notifier_options: options }]),
    /notifier_options\.sha256sum in the configuration is no key/,
  );
});

test("an absent section is an empty list", () => {
  assert.deepEqual(parsePluginConfigs(undefined), []);
  assert.deepEqual(parsePluginConfigs(null), []);
});

interface Refusal {
  readonly name: string;
  readonly plugins: unknown;
  readonly code: PluginHostErrorCode;
  readonly message: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    name: "a section that is no list",
    plugins: {},
    code: "ERR_PLUGIN_CONFIG",
    message: /^"plugins" in f\.json must be a list/,
  },
  {
    name: "an entry that is no object",
    plugins: ["x"],
    code: "ERR_PLUGIN_CONFIG",
    message: /^plugins\[0\] in f\.json is "x": expected an object/,
  },
  {
    name: "a bad checksum, with file, entry, key and value",
    plugins: [minimal, { ...minimal, sha256sum: "zz" }],
    code: "ERR_PLUGIN_CONFIG",
    message: /^plugins\[1\]\.sha256sum in f\.json is "zz": expected the 64 hexadecimal digits/,
  },
  {
    name: "a number that is none",
    plugins: [{ ...minimal, notifier_options: { log_events: [1, "five"] } }],
    code: "ERR_PLUGIN_CONFIG",
    message: /^plugins\[0\]\.notifier_options\.log_events\.1 in f\.json is "five": expected a whole number/,
  },
  {
    name: "an entry without command",
    plugins: [{ ...minimal, cmd: " " }],
    code: "ERR_PLUGIN_CONFIG",
    message: /^plugins\[0\]\.cmd in f\.json is " "/,
  },
  {
    name: "a key spelled twice",
    plugins: [{ ...minimal, CMD: "/q" }],
    code: "ERR_PLUGIN_CONFIG",
    message: /^plugins\[0\]\.cmd in f\.json is there twice/,
  },
  {
    name: "a boolean named like a prototype member",
    plugins: [{ ...minimal, auto_mtls: "__proto__" }],
    code: "ERR_PLUGIN_CONFIG",
    message: /auto_mtls/,
  },
  {
    name: "an unknown type",
    plugins: [{ ...minimal, type: "Notifier" }],
    code: "ERR_PLUGIN_TYPE_UNSUPPORTED",
    message: /unsupported plugin type: "Notifier"/,
  },
  {
    name: "no type",
    plugins: [{ cmd: "/k" }],
    code: "ERR_PLUGIN_TYPE_UNSUPPORTED",
    message: /unsupported plugin type: ""/,
  },
  {
    name: "a notifier without events",
    plugins: [{ ...minimal, notifier_options: {} }],
    code: "ERR_NO_ACTIONS",
    message: /^no actions defined for the notifier plugin "\/p"/,
  },
  {
    name: "a notifier with provider events for no object",
    plugins: [{ ...minimal, notifier_options: { provider_events: ["add"] } }],
    code: "ERR_NO_ACTIONS",
    message: /no actions defined/,
  },
];

for (const { name, plugins, code, message } of refusals) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => parsePluginConfigs(plugins, { source: "f.json" }),
      (error: unknown) => {
        assert.ok(PluginHostError.is(error, code), String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test("a value of the environment is named with its variable", () => {
  const { plugins, origins } = applyPluginEnvironment([minimal], {
    SFTPGO_PLUGINS__5__TYPE: "notifier",
    SFTPGO_PLUGINS__5__CMD: "/p",
    SFTPGO_PLUGINS__5__ENV_VARS: "PATH,A=B",
  });
  assert.throws(() => parsePluginConfigs(plugins, { source: "f.json", origins }), {
    message: /^plugins\[1\]\.env_vars\.1 in SFTPGO_PLUGINS__5__ENV_VARS is "A=B": expected the name/,
    details: { source: "f.json", index: 1, key: "env_vars.1", variable: "SFTPGO_PLUGINS__5__ENV_VARS" },
  });
});

test("thousands of unknown keys are told with a few warnings", () => {
  const warnings: string[] = [];
  const entry = {
    ...minimal,
    ...Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${index + 300}`, 1])),
  };
  parsePluginConfigs([entry], { onWarning: (warning) => warnings.push(warning) });
  assert.equal(warnings.length, 51);
  assert.equal(warnings.at(-1), '550 further unknown keys in "plugins" are ignored');
});

for (const argument of [{ password: "s3cret" }, "--password=s3cret\0"]) {
  test(`a bad argument is named without its value: ${typeof argument}`, () => {
    assert.throws(
      () => parsePluginConfigs([{ ...minimal, args: [argument] }]),
      (error: Error) => {
        assert.match(error.message, /plugins\[0\]\.args\.0/);
        assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /s3cret/);
        return true;
      },
    );
  });
}

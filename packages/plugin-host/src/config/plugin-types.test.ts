import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePluginConfigs } from "./parse-plugin-configs.ts";

const notifier = { type: "notifier", cmd: "/n", notifier_options: { fs_events: ["upload"] } };
const auth = (scope: unknown, cmd = "/a") => ({ type: "auth", cmd, auth_options: { scope } });
const kms = (scheme: unknown, status: unknown, cmd = "/k") => ({
  type: "kms",
  cmd,
  kms_options: { scheme, encrypted_status: status },
});
const searcher = { type: "eventsearcher", cmd: "/e" };
const ipFilter = { type: "ipfilter", cmd: "/i" };

function warningsOf(...plugins: readonly unknown[]): readonly string[] {
  const warnings: string[] = [];
  parsePluginConfigs(plugins, { onWarning: (warning) => warnings.push(warning) });
  return warnings;
}

test("every type is read, several ipfilters too", () => {
  const configs = parsePluginConfigs([notifier, auth("5"), kms("gcpkms", "GCP"), ipFilter, ipFilter, searcher]);
  assert.deepEqual(
    configs.map(({ type }) => type),
    ["notifier", "auth", "kms", "ipfilter", "ipfilter", "eventsearcher"],
  );
  assert.deepEqual(configs[1]?.type === "auth" && configs[1].authOptions, { scope: 5 });
  assert.deepEqual(configs[2]?.type === "kms" && configs[2].kmsOptions, { scheme: "gcpkms", encryptedStatus: "GCP" });
});

test("the options of other types are not looked at", () => {
  const [config] = parsePluginConfigs([{ ...ipFilter, auth_options: { scope: 99 }, notifier_options: 5 }]);
  assert.ok(config !== undefined && !("authOptions" in config));
});

test("a scheme with another one's status is told", () => {
  assert.deepEqual(warningsOf(kms("azurekeyvault", "AzureKeyVault"), kms("ocikeyvault", "OracleKeyVault")), []);
  assert.match(
    warningsOf(kms("awskms", "GCP"))[0] ?? "",
    /plugins\[0\]\.kms_options.*usually goes with the status "AWS"/,
  );
});

test("an auth plugin that is never asked is told with the one that is", () => {
  assert.deepEqual(warningsOf(auth(1), auth(2, "/b")), []);
  assert.deepEqual(warningsOf(auth(3, "/first"), auth(6, "/second")), [
    'plugins[1] (auth "/second") is never asked about public key logins: plugins[0] (auth "/first") comes before it and decides alone',
  ]);
});

// The words are those of a real SFTPGo's log: operators search for them.
const refusals: readonly (readonly [name: string, plugins: readonly unknown[], message: RegExp])[] = [
  [
    "auth scope 0",
    [auth(0)],
    /^plugins\[0\]\.auth_options\.scope in f\.json is 0: invalid options for auth plugin "\/a": invalid auth scope: 0;/,
  ],
  ["auth scope 16", [auth(16)], /invalid auth scope: 16/],
  ["a negative auth scope", [auth(-1)], /invalid auth scope: -1/],
  [
    "auth without options",
    [{ type: "auth", cmd: "/a" }],
    /auth_options\.scope in f\.json is missing: .*invalid auth scope: 0/,
  ],
  ["an auth scope that is no number", [auth("password")], /is "password": .*expected a whole number/],
  [
    "options that are no object",
    [{ ...kms("", ""), kms_options: [] }],
    /plugins\[0\]\.kms_options in f\.json is a list: .*expected an object/,
  ],
  [
    "an unknown kms scheme",
    [notifier, kms("foo", "AWS")],
    /^plugins\[1\]\.kms_options\.scheme in f\.json is "foo": invalid options for kms plugin "\/k": invalid kms scheme: foo; expected one of awskms, gcpkms, hashivault, azurekeyvault, ocikeyvault/,
  ],
  ["a built-in kms scheme", [kms("local", "Secretbox")], /invalid kms scheme: local/],
  ["a kms scheme in another spelling", [kms("AWSKMS", "AWS")], /invalid kms scheme: AWSKMS/],
  ["kms without options", [{ type: "kms", cmd: "/k" }], /invalid kms scheme: ;/],
  [
    "a built-in encrypted status",
    [kms("awskms", "Secretbox")],
    /invalid kms encrypted status: Secretbox; expected one of AWS, GCP, VaultTransit, AzureKeyVault, OracleKeyVault/,
  ],
  [
    "one kms scheme twice",
    [kms("awskms", "AWS"), notifier, kms("awskms", "GCP")],
    /^invalid KMS configuration, duplicated scheme "awskms": plugins\[0\] and plugins\[2\] in f\.json/,
  ],
  [
    "one encrypted status twice",
    [kms("awskms", "AWS"), kms("gcpkms", "AWS")],
    /^invalid KMS configuration, duplicated encrypted status "AWS": plugins\[0\] and plugins\[1\]/,
  ],
  [
    "two event searchers",
    [searcher, searcher],
    /^only one eventsearcher plugin can be defined: plugins\[0\] and plugins\[1\] in f\.json/,
  ],
  [
    "no command",
    [{ type: "ipfilter" }],
    /plugins\[0\]\.cmd in f\.json is missing: the command of the plugin is missing/,
  ],
];

for (const [name, plugins, message] of refusals) {
  test(`refused: ${name}`, () => {
    assert.throws(() => parsePluginConfigs(plugins, { source: "f.json" }), { code: "ERR_PLUGIN_CONFIG", message });
  });
}

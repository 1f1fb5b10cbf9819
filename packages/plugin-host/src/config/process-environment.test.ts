import assert from "node:assert/strict";
import { test } from "node:test";
import { buildProcessEnvironment } from "./process-environment.ts";

// The host environment of SFTPGo's recorded start-ups X-env-*.
const host = {
  HOME: "/root",
  OTHER_X: "ox",
  PATH: "/bin",
  PROBE_NOTIFIERX: "no",
  PROBE_NOTIFIER_A: "va",
  PROBE_NOTIFIER_B: "",
  probe_notifier_low: "low",
  UNDEFINED: undefined,
};

interface Row {
  readonly name: string;
  readonly cmd?: string;
  readonly envPrefix?: string;
  readonly envVars?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
}

const rows: readonly Row[] = [
  { name: "the default prefix is the command's name", expected: { PROBE_NOTIFIER_A: "va", PROBE_NOTIFIER_B: "" } },
  { name: "none shares nothing", envPrefix: "none", expected: {} },
  { name: "a prefix is compared literally", envPrefix: "OTHER_", expected: { OTHER_X: "ox" } },
  {
    name: "a prefix needs no underscore",
    envPrefix: "PROBE_NOTIFIER",
    expected: { PROBE_NOTIFIERX: "no", PROBE_NOTIFIER_A: "va", PROBE_NOTIFIER_B: "" },
  },
  {
    name: "unset names are passed as empty",
    envPrefix: "none",
    envVars: ["PATH", "NOPE"],
    expected: { PATH: "/bin", NOPE: "" },
  },
  {
    name: "only the last extension is dropped from the name",
    cmd: "/x/my-probe.v2.bin",
    env: { "MY_PROBE.V2_A": "2", MY_PROBE_A: "1" },
    expected: { "MY_PROBE.V2_A": "2" },
  },
  {
    name: "a name that is all extension gives the prefix _",
    cmd: "/x/.sh",
    env: { _: "u", A: "1" },
    expected: { _: "u" },
  },
  {
    name: "a variable named like a prototype member is a variable",
    envVars: ["__proto__"],
    env: {},
    expected: JSON.parse('{"__proto__":""}') as Record<string, string>,
  },
];

for (const { name, cmd = "/opt/probe-notifier", envPrefix = "", envVars = [], env = host, expected } of rows) {
  test(name, () => {
    assert.deepEqual({ ...buildProcessEnvironment({ cmd, envPrefix, envVars }, env) }, expected);
  });
}

test("a star shares everything and leaves env_vars aside", () => {
  const shared = buildProcessEnvironment({ cmd: "/a", envPrefix: "*", envVars: ["NOPE"] }, host);
  const { UNDEFINED: _, ...expected } = host;
  assert.deepEqual({ ...shared }, expected);
});

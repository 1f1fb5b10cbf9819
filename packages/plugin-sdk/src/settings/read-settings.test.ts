import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { PluginSdkError } from "../plugin-sdk-error.ts";
import { defineSettings } from "./define-settings.ts";
import { formatHelp } from "./format-help.ts";
import { findRequest, readSettings } from "./read-settings.ts";
import { Secret } from "./secret.ts";

const settings = defineSettings(
  {
    url: { type: "string", required: true, description: "where to report to" },
    token: { type: "string", secret: true, env: ["REPORT_TOKEN", "TOKEN"], description: "for the url" },
    retries: { type: "integer", default: 3, min: 0, max: 10, description: "how often to try again" },
    maxBytes: { type: "bigint", description: "largest body" },
    verbose: { type: "boolean", description: "more in the log" },
    timeout: { type: "duration", default: "20s", description: "longest wait" },
    userGroups: { type: "list", description: "only these" },
    mode: { type: "choice", choices: ["fast", "safe"], default: "safe", description: "how" },
  },
  { envPrefix: "REPORTER", command: "serve" },
);

const read = (args: readonly string[], env: Record<string, string> = {}) => readSettings(settings, { args, env });
const needed = ["--url=x"];

function complaintOf(args: readonly string[], env: Record<string, string> = {}): string {
  try {
    read(args, env);
  } catch (error) {
    assert.ok(PluginSdkError.is(error, "ERR_SETTINGS_INVALID"), String(error));
    return error.message;
  }
  return assert.fail("it was taken");
}

suite("values", () => {
  test("are of their types", () => {
    const values = read([
      ..."--url https://x/ --token s3cret --retries 0x5 --max-bytes 9007199254740993 --verbose".split(" "),
      ..."--timeout 1m30s --user-groups=a,b --mode fast".split(" "),
    ]);
    const { token, ...others } = values;
    assert.ok(token instanceof Secret);
    assert.equal(token.reveal(), "s3cret");
    assert.deepEqual(others, {
      url: "https://x/",
      retries: 5,
      maxBytes: 9007199254740993n,
      verbose: true,
      timeout: 90_000,
      userGroups: ["a", "b"],
      mode: "fast",
    });
  });

  test("are defaults, false, no items, or undefined when nobody gives any", () => {
    assert.deepEqual(read(needed), {
      url: "x",
      token: undefined,
      retries: 3,
      maxBytes: undefined,
      verbose: false,
      timeout: 20_000,
      userGroups: [],
      mode: "safe",
    });
  });

  test("of a flag win over those of a variable, and these over defaults", () => {
    const env = { REPORTER_URL: "from env", REPORTER_RETRIES: "7", REPORTER_USER_GROUPS: "c,d" };
    assert.equal(read([], env).url, "from env");
    assert.equal(read([], env).retries, 7);
    assert.equal(read(["--retries=1"], env).retries, 1);
    assert.deepEqual(read(["--user-groups=a"], env).userGroups, ["a"]);
  });

  test("of the first variable that is not empty win", () => {
    assert.equal(read(needed, { REPORT_TOKEN: "a", TOKEN: "b" }).token?.reveal(), "a");
    assert.equal(read(needed, { REPORT_TOKEN: "", TOKEN: "b" }).token?.reveal(), "b");
    assert.equal(read(needed, { REPORTER_TOKEN: "not this" }).token, undefined);
  });

  test("that are empty in the environment are not there: SFTPGo passes unset variables so", () => {
    assert.equal(read(needed, { REPORTER_RETRIES: "", REPORTER_VERBOSE: "" }).retries, 3);
    assert.match(complaintOf([], { REPORTER_URL: "" }), /--url or REPORTER_URL is required/);
  });

  test("of lists come from repeated flags and between commas, without blanks and empty ones", () => {
    assert.deepEqual(read([...needed, "--user-groups", " a, b,,", "-user-groups=c"]).userGroups, ["a", "b", "c"]);
  });

  test("of other flags are the last ones given", () => {
    assert.equal(read([...needed, "--retries=1", "--retries=2"]).retries, 2);
  });

  test("of booleans may be false", () => {
    assert.equal(read([...needed, "--verbose=false"], { REPORTER_VERBOSE: "true" }).verbose, false);
    assert.equal(read(needed, { REPORTER_VERBOSE: "t" }).verbose, true);
  });

  test("may follow the command", () => {
    assert.equal(read(["serve", ...needed]).url, "x");
  });

  test("may have places instead of flags", () => {
    const placed = defineSettings({
      topic: { type: "string", required: true, position: 1, description: "where" },
      instance: { type: "string", position: 2, description: "who" },
    });
    const values = (...args: string[]) => readSettings(placed, { args, env: {} });
    assert.deepEqual(values("nats://a", "node1"), { topic: "nats://a", instance: "node1" });
    assert.deepEqual(values("--topic=b", "--instance=i"), { topic: "b", instance: "i" });
    assert.throws(() => values("a", "b", "c"), /the argument "c" is not expected/);
  });
});

suite("complaints say which setting, and what was expected", () => {
  for (const [args, complaint] of [
    [[], "--url or REPORTER_URL is required: where to report to (string)"],
    [["--url="], '--url is "", expected a text'],
    [["--retries=abc"], '--retries is "abc", expected a whole number from 0 to 10'],
    [["--retries=11"], '--retries is "11", expected a whole number from 0 to 10'],
    [["--max-bytes=1.5"], '--max-bytes is "1.5", expected a whole number'],
    [["--verbose=yes"], '--verbose is "yes", expected true or false'],
    [["--timeout=30"], '--timeout is "30", expected a duration such as 1m30s'],
    [["--mode=slow"], '--mode is "slow", expected one of fast, safe'],
    [["--nope=1"], "there is no flag --nope"],
    [["--url"], "--url needs a value"],
    [["migrate"], 'an argument is not expected, only the command "serve" and flags are'],
  ] as const) {
    test(complaint, () =>
      assert.equal(complaintOf([...(complaint.startsWith("--url") ? [] : needed), ...args]), complaint),
    );
  }

  test("about a variable, by its name", () => {
    assert.equal(
      complaintOf(needed, { REPORTER_RETRIES: "-1" }),
      'REPORTER_RETRIES is "-1", expected a whole number from 0 to 10',
    );
  });

  test("about all that is missing at once", () => {
    const two = defineSettings({
      a: { type: "string", required: true, description: "first" },
      b: { type: "integer", required: true, description: "second" },
    });
    assert.throws(() => readSettings(two, { args: [], env: {} }), /--a is required: first \(string\); --b is required/);
  });

  test("and no secret, nor what may be the rest of one", () => {
    assert.doesNotMatch(complaintOf([...needed, "--token", "my", "s3cret"]), /s3cret/);
    assert.doesNotMatch(complaintOf([...needed, "--tokn=s3cret"]), /s3cret/);
  });

  test("without a stack: whoever reads them did not write the program", () => {
    assert.throws(
      () => read([]),
      (error: Error) => error.stack === error.message,
    );
  });
});

suite("requests", () => {
  for (const [args, request] of [
    [["--help"], "help"],
    [["-h"], "help"],
    [["help"], "help"],
    [["serve", "--url=x", "-help"], "help"],
    [["--version"], "version"],
    [["-v"], "version"],
    [["serve", "--version"], "version"],
    [["--url", "--help"], "values"],
    [["--url=x", "--", "--help"], "values"],
    [["--nope", "--help"], "values"],
    [[], "values"],
  ] as const) {
    test(`${args.join(" ") || "nothing"}: ${request}`, () => assert.equal(findRequest(settings, args), request));
  }
});

test("help has every setting with its type, default, need and variables, and no secret", () => {
  const hidden = defineSettings(
    {
      dsn: { type: "string", secret: true, default: "postgres://user:hunter2@db", description: "the database" },
      poolSize: { type: "integer", default: 4, description: "connections" },
      driver: { type: "choice", choices: ["pg", "mysql"], required: true, description: "which database" },
      fast: { type: "boolean", env: "GO_FAST", description: "less care" },
    },
    { envPrefix: "SFTPGO_PLUGIN_X", command: "serve" },
  );
  const help = formatHelp(hidden, { name: "x", version: "1.2.3" });
  assert.equal(
    help,
    `x 1.2.3, a plugin for SFTPGo and Fairlead. The server starts it; run without arguments, it
prints the configuration for that.

Usage: x serve [settings]

  --dsn <string>
      the database; a secret, not for args; environment: SFTPGO_PLUGIN_X_DSN
  --pool-size <integer>
      connections; default: 4; environment: SFTPGO_PLUGIN_X_POOL_SIZE
  --driver <pg|mysql>
      which database; required; environment: SFTPGO_PLUGIN_X_DRIVER
  --fast
      less care; environment: GO_FAST
  --help, -h
      shows this
  --version, -v
      shows its version
`,
  );
});

test("declarations that cannot be told apart are a mistake of the program", () => {
  const description = "";
  for (const declarations of [
    { aB: { type: "string", description }, other: { type: "string", flag: "a-b", description } },
    { help: { type: "boolean", description } },
    { a: { type: "string", flag: "--a", description } },
    { a: { type: "duration", default: "30", description } },
    { a: { type: "choice", choices: ["x"], default: "y", description } },
    { a: { type: "integer", min: 1, default: 0, description } },
  ] as const) {
    assert.throws(() => readSettings(defineSettings(declarations), { args: [], env: {} }), TypeError);
  }
});

test("names are split into words", () => {
  const names = defineSettings(
    Object.fromEntries(
      ["ldapURL", "usersBaseDir", "x", "startTls2", "useTLSNow"].map((name) => [
        name,
        { type: "string", description: "" } as const,
      ]),
    ),
    { envPrefix: "P" },
  );
  const help = formatHelp(names, { name: "p", version: "" });
  assert.deepEqual(help.match(/--[a-z]\S* <|P_\w+/g), [
    "--ldap-url <",
    "P_LDAP_URL",
    "--users-base-dir <",
    "P_USERS_BASE_DIR",
    "--x <",
    "P_X",
    "--start-tls2 <",
    "P_START_TLS2",
    "--use-tls-now <",
    "P_USE_TLS_NOW",
  ]);
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";

import { FairleadError } from "../domain/fairlead-error.ts";
import { type Config, loadConfig } from "./load-config.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-config-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function load(env: Record<string, string> = {}, configFile?: string): Config {
  return loadConfig({ configDir: folder, env, ...(configFile === undefined ? {} : { configFile }) });
}

describe("the configuration file", () => {
  test("may be missing: SFTPGo's defaults hold", () => {
    const config = load();
    assert.equal(config.file, undefined);
    assert.equal(config.common.idle_timeout, 15);
    assert.equal(config.common.max_per_host_connections, 20);
    assert.deepEqual(config.sftpd.bindings, [{ port: 2022, address: "" }]);
    assert.equal(config.dataProvider.password_hashing.bcrypt_options.cost, 10);
    assert.equal(config.dataProvider.naming_rules, 5);
    assert.deepEqual(config.warnings, []);
  });

  for (const [name, text] of [
    ["sftpgo.json", '{"common":{"idle_timeout":7},"sftpd":{"bindings":[{"port":2200,"address":"::1"}]}}'],
    ["sftpgo.yaml", "common:\n  idle_timeout: 7\nsftpd:\n  bindings:\n    - port: 2200\n      address: '::1'\n"],
    ["sftpgo.yml", "{common: {idle_timeout: 7}, sftpd: {bindings: [{port: 2200, address: '::1'}]}}"],
    ["sftpgo.toml", '[common]\nidle_timeout = 7\n[[sftpd.bindings]]\nport = 2200\naddress = "::1"\n'],
    ["fairlead.json", '\uFEFF{"COMMON":{"Idle_Timeout":"7"},"Sftpd":{"BINDINGS":[{"Port":"2200","ADDRESS":"::1"}]}}'],
  ] as const) {
    test(`${name} is found and read`, () => {
      const file = write(name, text);
      const config = load();
      assert.equal(config.file, file);
      assert.equal(config.common.idle_timeout, 7);
      assert.deepEqual(config.sftpd.bindings, [{ port: 2200, address: "::1" }]);
    });
  }

  test("named fairlead comes before one named sftpgo, which is named in a warning", () => {
    const other = write("sftpgo.json", '{"common":{"idle_timeout":1}}');
    const used = write("fairlead.yaml", "common: {idle_timeout: 2}");
    const config = load();
    assert.equal(config.common.idle_timeout, 2);
    assert.deepEqual(config.warnings, [`${other} is not read, ${used} comes before it`]);
    assert.deepEqual(load({}, "sftpgo.json").warnings, []);
  });

  test("can be named, absolute or in the folder", () => {
    write("sftpgo.json", '{"common":{"idle_timeout":1}}');
    const other = write("other.toml", "[common]\nidle_timeout = 3");
    assert.equal(load({}, "other.toml").common.idle_timeout, 3);
    assert.equal(load({}, other).common.idle_timeout, 3);
    assert.equal(load({ SFTPGO_CONFIG_FILE: "other.toml" }).common.idle_timeout, 3);
  });

  for (const [what, name] of [
    ["does not exist", "missing"],
    ["is not a folder", "file"],
  ] as const) {
    test(`in a named folder that ${what} is an error, not a start with defaults`, () => {
      write("file", "");
      const configDir = join(folder, name);
      const isRefused = (error: unknown): boolean =>
        FairleadError.is(error, "ERR_CONFIG_FILE") && error.message === `configuration folder ${configDir} ${what}`;
      assert.throws(() => loadConfig({ configDir, env: {} }), isRefused);
      assert.throws(() => loadConfig({ env: { SFTPGO_CONFIG_DIR: configDir } }), isRefused);
    });
  }

  test("that is named and missing is an error, not a start with defaults", () => {
    assert.throws(() => load({}, "missing.json"), /missing\.json does not exist/);
  });

  for (const [name, text, line] of [
    ["sftpgo.json", '{\n  "common": {\n    "idle_timeout": 1,\n  }\n}', 4],
    ["sftpgo.json", '{"common": {', 1],
    ["sftpgo.json", '{\n"common":\n', 3],
    ["sftpgo.yaml", "common:\n  idle_timeout: 1\n wrong: 2\n", 3],
    ["sftpgo.yaml", "common: {a: 1}\ncommon: {a: 2}\n", 2],
    ["sftpgo.toml", "[common]\nidle_timeout = \n", 2],
    ["sftpgo.json", "[1]", 1],
    ["sftpgo.yaml", "just text", 1],
  ] as const) {
    test(`${name} with ${JSON.stringify(text)} is refused with its line`, () => {
      const file = write(name, text);
      assert.throws(
        () => load(),
        (error) => FairleadError.is(error, "ERR_CONFIG_FILE") && error.message.includes(`${file}, line ${line}:`),
      );
    });
  }

  test("that is empty is a file without settings", () => {
    write("sftpgo.yaml", "# nothing yet\n");
    assert.equal(load().common.idle_timeout, 15);
  });

  test("of another extension is refused", () => {
    write("sftpgo.ini", "x=1");
    assert.throws(() => load({}, "sftpgo.ini"), /unknown extension "\.ini"/);
  });
});

describe("a value", () => {
  for (const [section, key, value, problem] of [
    ["common", "idle_timeout", -1, /idle_timeout = -1/],
    ["common", "idle_timeout", "soon", /idle_timeout = "soon"/],
    ["common", "upload_mode", 3, /upload_mode = 3: expected one of 0, 1, 2/],
    ["sftpd", "password_authentication", "maybe", /password_authentication = "maybe"/],
    ["sftpd", "bindings", [{ port: 70_000 }], /bindings\.0\.port = 70000/],
    ["sftpd", "bindings", "2022", /bindings = "2022"/],
    ["data_provider", "driver", "bolt", /driver = "bolt": only sqlite is supported/],
    ["data_provider", "password_hashing", { bcrypt_options: { cost: 3 } }, /cost = 3/],
    ["data_provider", "password_hashing", { algo: "md5" }, /algo = "md5"/],
    ["fairlead", "login_grace_time", 0, /login_grace_time = 0/],
  ] as const) {
    test(`${section}.${key} = ${JSON.stringify(value)} is refused, naming file, key and value`, () => {
      const file = write("sftpgo.json", JSON.stringify({ [section]: { [key]: value } }));
      assert.throws(
        () => load(),
        (error) =>
          FairleadError.is(error, "ERR_CONFIG_VALUE") && problem.test(error.message) && error.message.startsWith(file),
      );
    });
  }

  for (const content of [
    '{"data_provider":{"connection_string":"user:hunter2@host"}}',
    '{"httpd":{"signing_passphrase":["hunter2"]}}',
    '{"kms":{"secrets":{"master_key":{"a":"hunter2"}}}}',
    '{"kms":{"secrets":"hunter2"}}',
    '{"kms":"hunter2"}',
    '{"httpd":["signing_passphrase","hunter2"]}',
    '{"httpd":{"bindings":{"signing_passphrase":"hunter2"}}}',
    '{"httpd":{"bindings":[{"address":{"signing_passphrase":"hunter2"}}]}}',
    '{"sftpd":{"ciphers":[{"master_key":"hunter2"}]}}',
  ]) {
    test(`that is a secret or may hold one is not shown: ${content}`, () => {
      write("sftpgo.json", content);
      assert.throws(
        () => load(),
        (error) => FairleadError.is(error, "ERR_CONFIG_VALUE") && !error.message.includes("hunter2"),
      );
    });
  }
});

describe("the environment", () => {
  test("wins over the file, which wins over the defaults", () => {
    write("sftpgo.json", '{"common":{"idle_timeout":1,"upload_mode":1}}');
    const config = load({ SFTPGO_COMMON__IDLE_TIMEOUT: "9" });
    assert.equal(config.common.idle_timeout, 9);
    assert.equal(config.common.upload_mode, 1);
  });

  for (const [name, value, read, expected] of [
    ["SFTPGO_SFTPD__MAX_AUTH_TRIES", "3", (config: Config) => config.sftpd.max_auth_tries, 3],
    ["SFTPGO_SFTPD__HOST_KEYS", "a, b,", (config: Config) => config.sftpd.host_keys, ["a", "b"]],
    ["SFTPGO_SFTPD__PASSWORD_AUTHENTICATION", "false", (config: Config) => config.sftpd.password_authentication, false],
    ["SFTPGO_DATA_PROVIDER__NAME", "x.db", (config: Config) => config.dataProvider.name, "x.db"],
    [
      "SFTPGO_DATA_PROVIDER__PASSWORD_HASHING__BCRYPT_OPTIONS__COST",
      "4",
      (config: Config) => config.dataProvider.password_hashing.bcrypt_options.cost,
      4,
    ],
    ["SFTPGO_FAIRLEAD__DATA_DIR", "/data", (config: Config) => config.dataDir, "/data"],
    ["SFTPGO_COMMON__IDLE_TIMEOUT", "", (config: Config) => config.common.idle_timeout, 15],
  ] as const) {
    test(`${name}=${value}`, () => {
      assert.deepEqual(read(load({ [name]: value })), expected);
    });
  }

  test("changes bindings by index and appends beyond the end, closing gaps", () => {
    write("sftpgo.json", '{"sftpd":{"bindings":[{"port":2022,"address":"127.0.0.1"}]}}');
    const config = load({
      SFTPGO_SFTPD__BINDINGS__0__PORT: "2122",
      SFTPGO_SFTPD__BINDINGS__5__PORT: "2222",
      SFTPGO_SFTPD__BINDINGS__5__ADDRESS: "::1",
    });
    assert.deepEqual(config.sftpd.bindings.slice(0, 2), [
      { port: 2122, address: "127.0.0.1" },
      { port: 2222, address: "::1" },
    ]);
    assert.equal(config.sftpd.bindings.length, 2);
  });

  test("changes the default binding when the file has none", () => {
    assert.deepEqual(load({ SFTPGO_SFTPD__BINDINGS__0__ADDRESS: "::1" }).sftpd.bindings, [
      { port: 2022, address: "::1" },
    ]);
  });

  test("is named when its value is bad", () => {
    assert.throws(
      () => load({ SFTPGO_COMMON__IDLE_TIMEOUT: "soon" }),
      /^FairleadError: SFTPGO_COMMON__IDLE_TIMEOUT \(common\.idle_timeout\) = "soon"/,
    );
  });

  test("reaches the plugins", () => {
    const config = load({
      SFTPGO_PLUGINS__0__TYPE: "notifier",
      SFTPGO_PLUGINS__0__CMD: "/bin/plugin",
      SFTPGO_PLUGINS__0__NOTIFIER_OPTIONS__FS_EVENTS: "upload",
    });
    assert.equal(config.plugins[0]?.cmd, "/bin/plugin");
  });
});

describe("env.d", () => {
  beforeEach(() => {
    mkdirSync(join(folder, "env.d"));
  });

  test("sets what is not set yet, the first file first", () => {
    write("env.d/a.env", "SFTPGO_COMMON__IDLE_TIMEOUT=3\nSFTPGO_COMMON__UPLOAD_MODE='1'\n");
    write("env.d/b.env", "SFTPGO_COMMON__IDLE_TIMEOUT=4\n");
    const config = load({ SFTPGO_COMMON__UPLOAD_MODE: "2" });
    assert.equal(config.common.idle_timeout, 3);
    assert.equal(config.common.upload_mode, 2);
    assert.equal(config.env["SFTPGO_COMMON__IDLE_TIMEOUT"], "3");
  });

  test("leaves out folders and files over 1 MiB, and says so", () => {
    mkdirSync(join(folder, "env.d/folder"));
    write("env.d/big.env", `SFTPGO_COMMON__IDLE_TIMEOUT=3\n#${"x".repeat(1024 * 1024)}`);
    symlinkSync("/nowhere", join(folder, "env.d/dangling"));
    const config = load();
    assert.equal(config.common.idle_timeout, 15);
    assert.equal(config.warnings.filter((warning) => warning.includes("is left out")).length, 3);
  });
});

describe("a key that is not implemented", () => {
  for (const [section, value] of [
    ["common", { defender: { enabled: true } }],
    ["common", { rate_limiters: [{ average: 0 }, { average: 10 }] }],
    ["common", { proxy_protocol: 1 }],
    ["common", { allowlist_status: 1 }],
    ["common", { post_connect_hook: "http://x" }],
    ["common", { umask: "0077" }],
    ["common", { actions: { hook: "/bin/x" } }],
    ["sftpd", { trusted_user_ca_keys: ["ca.pub"] }],
    ["data_provider", { external_auth_hook: "/bin/x" }],
    ["data_provider", { password_validation: { users: { min_entropy: 60 } } }],
    ["data_provider", { is_shared: 1 }],
  ] as const) {
    test(`and would change security or data is refused: ${section} ${JSON.stringify(value)}`, () => {
      write("sftpgo.json", JSON.stringify({ [section]: value }));
      const [key = ""] = Object.keys(value);
      assert.throws(
        () => load(),
        (error) => FairleadError.is(error, "ERR_CONFIG_VALUE") && error.message.includes(`${section}.${key}`),
      );
    });
  }

  test("and would change security is refused from the environment too", () => {
    assert.throws(
      () => load({ SFTPGO_COMMON__DEFENDER__ENABLED: "true" }),
      /SFTPGO_COMMON__DEFENDER__ENABLED \(common\.defender\.enabled\)/,
    );
  });

  test("and would change security is refused from the environment too, in an entry of a list", () => {
    assert.throws(() => load({ SFTPGO_COMMON__RATE_LIMITERS__0__AVERAGE: "10" }), /common\.rate_limiters = a list/);
    assert.deepEqual(load({ SFTPGO_COMMON__RATE_LIMITERS__0__AVERAGE: "0" }).warnings, []);
  });

  test("and is switched off is nothing to talk about", () => {
    write(
      "sftpgo.json",
      JSON.stringify({
        common: { defender: { enabled: false, ban_time: 30 }, rate_limiters: [{ average: 0, burst: 1 }], umask: "" },
        sftpd: { enabled_ssh_commands: ["md5sum", "sha1sum", "sha256sum", "cd", "pwd", "scp"] },
        ftpd: { bindings: [{ port: 0, address: "" }] },
        smtp: { host: "" },
      }),
    );
    assert.deepEqual(load().warnings, []);
  });

  test("and is only useful is named in a warning", () => {
    write(
      "sftpgo.json",
      JSON.stringify({
        common: { startup_hook: "/bin/x", idle_timeut: 3 },
        ftpd: { bindings: [{ port: 2121 }] },
        made_up: {},
      }),
    );
    const { warnings } = load();
    for (const name of ["common.startup_hook", "ftpd.bindings", "common.idle_timeut", "made_up"]) {
      assert.ok(
        warnings.some((warning) => warning.includes(name)),
        `no warning about ${name}`,
      );
    }
  });
});

describe("a misspelt name", () => {
  for (const name of ["plugin", "Plugins_", "plguins"]) {
    test(`of the plugins section, ${name}, is refused`, () => {
      write("sftpgo.json", JSON.stringify({ [name]: [] }));
      assert.throws(
        () => load(),
        (error) => FairleadError.is(error, "ERR_CONFIG_VALUE") && /did you mean "plugins"/.test(error.message),
      );
    });
  }

  for (const [what, settings, warning] of [
    [
      "in an entry of a list",
      { sftpd: { bindings: [{ port: 2022, addres: "127.0.0.1" }] } },
      'unknown key "sftpd.bindings.0.addres" is ignored; did you mean "address"?',
    ],
    [
      "of a group of keys",
      { data_provider: { password_hashing: { bcrypt_option: { cost: 12 } } } },
      'unknown key "data_provider.password_hashing.bcrypt_option" is ignored; did you mean "bcrypt_options"?',
    ],
    [
      "two groups deep",
      { common: { defender: { login_delay: { pasword_failed: 5 } } } },
      'unknown key "common.defender.login_delay.pasword_failed" is ignored; did you mean "password_failed"?',
    ],
    [
      "that switches something off",
      { sftpd: { password_autentication: false } },
      'unknown key "sftpd.password_autentication" is ignored; did you mean "password_authentication"?',
    ],
    [
      "that opens what it means to close",
      { httpd: { bindings: [{ port: 8080, adress: "127.0.0.1" }] } },
      'unknown key "httpd.bindings.0.adress" is ignored; did you mean "address"?',
    ],
    [
      "of telemetry",
      { telemetry: { bind_port: 10_000, bind_adress: "127.0.0.1" } },
      'unknown key "telemetry.bind_adress" is ignored; did you mean "bind_address"?',
    ],
    ["of a section", { sftp: {} }, 'unknown section "sftp" is ignored; did you mean "sftpd"?'],
    ["like nothing known", { sftpd: { zzz: 1 } }, 'unknown key "sftpd.zzz" is ignored'],
  ] as const) {
    test(`${what} is named in a warning`, () => {
      write("sftpgo.json", JSON.stringify(settings));
      assert.deepEqual(load().warnings, [warning]);
    });
  }

  for (const [name, hint] of [
    ["SFTPGO_SFTPD__BINDINGS__0__ADDRES", '; did you mean "address"?'],
    ["SFTPGO_COMMON__IDLE_TIMEOUTS", '; did you mean "idle_timeout"?'],
    ["SFTPGO_SFTP__MAX_AUTH_TRIES", '; did you mean "sftpd"?'],
    ["SFTPGO_SFTPD__BINDINGS__0__PROT", '; did you mean "port"?'],
    ["SFTPGO_PLUGINS__0__CMDS", ""],
    ["SFTPGO_COMMON_IDLE_TIMEOUT", "; section and key are separated by two underscores"],
  ] as const) {
    test(`of a variable is named in a warning: ${name}`, () => {
      assert.deepEqual(load({ [name]: "7" }).warnings, [`unknown variable ${name} is ignored${hint}`]);
    });
  }

  test("in an entry of the plugins is named in a warning, as are events that never happen", () => {
    const entry = {
      type: "notifier",
      cmd: "/p",
      arg: ["x"],
      notifier_options: { fs_events: ["uploads"], log_events: [1] },
    };
    write("sftpgo.json", JSON.stringify({ plugins: [entry] }));
    assert.deepEqual(load().warnings, [
      'unknown key "plugins[0].arg" is ignored',
      'plugins[0].notifier_options.fs_events: "uploads" never happens',
    ]);
  });

  test("is none: keys of SFTPGo and variables of others", () => {
    write(
      "sftpgo.json",
      JSON.stringify({
        common: { defender: { score_no_auth: 0 }, event_manager: { enabled_commands: [] }, metadata: { read: 0 } },
        sftpd: { bindings: [{ port: 2022, address: "", apply_proxy_config: true }] },
        data_provider: { node: { host: "", port: 0, proto: "http" }, password_validation: { users: {} } },
        acme: { email: "", made_up: 0 },
      }),
    );
    const env = {
      SFTPGO_LOG_LEVEL: "info",
      SFTPGO_PLUGIN_EVENTSTORE_INSTANCE_ID: "1",
      SFTPGO_HTTPD__BINDINGS__0__OIDC__CLIENT_ID: "1",
      SFTPGO_SFTPD__BINDINGS__1__PORT: "2023",
      SFTPGO_COMMON__DEFENDER__BAN_TIME: "30",
      SFTPGO_MADE__UP: "",
    };
    assert.deepEqual(load(env).warnings, []);
  });

  test("does not fill the log when there are thousands", () => {
    const keys = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key${index}`, index]));
    write("sftpgo.json", JSON.stringify({ sftpd: keys }));
    const { warnings } = load();
    assert.equal(warnings.length, 51);
    assert.equal(warnings.at(-1), "4950 further unknown keys are ignored");
  });
});

describe("SSH algorithms", () => {
  test("that are not supported are left out with a warning when others remain", () => {
    write("sftpgo.json", '{"sftpd":{"kex_algorithms":["mlkem768x25519-sha256","curve25519-sha256"]}}');
    const config = load();
    assert.deepEqual(config.algorithms.kex, ["curve25519-sha256"]);
    assert.match(config.warnings.join(), /sftpd\.kex_algorithms.*mlkem768x25519-sha256/);
  });

  for (const [key, names] of [
    ["ciphers", ["aes256-cbc", "3des-cbc"]],
    ["macs", ["hmac-sha1", "hmac-md5"]],
    ["kex_algorithms", ["diffie-hellman-group14-sha1"]],
    ["host_key_algorithms", ["ssh-rsa"]],
    ["public_key_algorithms", ["ssh-rsa", "ssh-dss"]],
  ] as const) {
    test(`of the past cannot be switched on: ${names.join(", ")}`, () => {
      write("sftpgo.json", JSON.stringify({ sftpd: { [key]: names } }));
      assert.throws(() => load(), /none of these algorithms is supported/);
    });
  }
});

test("a users_base_dir and a data_dir that are relative are so to the configuration folder", () => {
  write("sftpgo.json", '{"data_provider":{"users_base_dir":"homes"},"fairlead":{"data_dir":"data"}}');
  const config = load();
  assert.equal(config.dataProvider.users_base_dir, join(folder, "homes"));
  assert.equal(config.dataDir, join(folder, "data"));
});

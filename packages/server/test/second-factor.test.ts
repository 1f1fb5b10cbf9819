import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { Secret as TotpSecret, TOTP } from "otpauth";

import { loadConfig } from "../src/config/load-config.ts";
import { type FairleadServer, startServer } from "../src/start-server.ts";
import { createMemoryLogger, type LogLine } from "./files/test-file-system.ts";
import { logInByKeyboard } from "./fixtures/keyboard-login.ts";
import { makePluginScript } from "./fixtures/plugin-script.ts";

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const PASSWORD_AND_CODE = ["Password: ", "Authentication code: "];

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-totp-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Started extends AsyncDisposable {
  readonly server: FairleadServer;
  readonly port: number;
  readonly lines: readonly LogLine[];
}

async function start(sections: object): Promise<Started> {
  const logger = createMemoryLogger();
  const common = {
    sftpd: { bindings: [{ port: 0, address: "127.0.0.1" }], host_keys: ["id_ed25519"] },
    data_provider: { users_base_dir: join(folder, "homes"), password_hashing: { bcrypt_options: { cost: 4 } } },
    common: { defender: { login_delay: { password_failed: 0 } } },
    fairlead: { free_ports: true },
  };
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify({ ...common, ...sections }));
  const server = await startServer({ config: loadConfig({ configDir: folder, env: { ...process.env } }), logger });
  return {
    server,
    port: server.addresses[0]?.port ?? 0,
    lines: logger.lines,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function withPlugin(mode = "good"): object {
  const cmd = makePluginScript(folder, "kms-plugin.ts", { KMS_FILE: join(folder, "calls"), KMS_MODE: mode });
  const plugin = { type: "kms", cmd, auto_mtls: true, kms_options: { scheme: "awskms", encrypted_status: "AWS" } };
  return { kms: { secrets: { url: "awskms://alias/x", master_key: "mk" } }, plugins: [plugin] };
}

async function addUser({ server }: Started, protocols: readonly string[] = ["SSH"]): Promise<void> {
  const secret = { status: "Plain", payload: SECRET };
  await server.users.add({
    username: "ann",
    status: 1,
    password: "a password",
    permissions: { "/": ["*"] },
    filters: {
      totp_config: { enabled: true, config_name: "Default", protocols, secret },
      recovery_codes: [{ secret: { status: "Plain", payload: "RC-AAAA" } }],
    },
  });
}

function code(shiftS = 0): string {
  const totp = new TOTP({ secret: TotpSecret.fromBase32(SECRET), algorithm: "SHA1", digits: 6, period: 30 });
  return totp.generate({ timestamp: Date.now() + shiftS * 1000 });
}

function decryptCalls(): readonly string[] {
  const file = join(folder, "calls");
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line.includes('"decrypt"'))
    : [];
}

/** Why logins were refused. The log is complete once the server has stopped. */
async function refusals({ server, lines }: Started): Promise<string> {
  await server.stop();
  return lines
    .filter(({ message }) => message === "login refused")
    .map(({ fields }) => String(fields["reason"]))
    .join("\n");
}

test("password and code log in; the kms plugin decrypts the secret when the code comes", async () => {
  await using started = await start(withPlugin());
  await addUser(started);
  assert.deepEqual(decryptCalls(), []);
  const login = await logInByKeyboard(started.port, "ann", ["a password", code()]);
  assert.deepEqual(login, { isIn: true, questions: PASSWORD_AND_CODE });
  assert.equal(decryptCalls().length, 1);
});

test("a code that was used, a wrong one, a recovery code and a wrong password do not", async () => {
  await using started = await start({});
  await addUser(started);
  const used = code();
  assert.equal((await logInByKeyboard(started.port, "ann", ["a password", used])).isIn, true);
  for (const [password, answer] of [
    ["a password", used],
    ["a password", code(-3600)],
    ["a password", "RC-AAAA"],
    ["a password", ""],
    ["another one", code(30)],
  ] as const) {
    assert.equal((await logInByKeyboard(started.port, "ann", [password, answer])).isIn, false, answer);
  }
  assert.equal((await logInByKeyboard(started.port, "ann", ["a password", code(30)])).isIn, true);
});

test("a factor for other protocols is not asked for", async () => {
  await using started = await start({});
  await addUser(started, ["HTTP"]);
  const login = await logInByKeyboard(started.port, "ann", ["a password"]);
  assert.deepEqual(login, { isIn: true, questions: ["Password: "] });
});

test("while the kms plugin fails, the user is not let in, and the log has its words", async () => {
  {
    await using first = await start(withPlugin());
    await addUser(first);
  }
  await using started = await start(withPlugin("error"));
  assert.equal((await logInByKeyboard(started.port, "ann", ["a password", code()])).isIn, false);
  assert.match(await refusals(started), /cannot be decrypted: .*the key vault is sealed/);
});

test("without the kms plugin the user is not let in without a code, as SFTPGo would, and the log says what is missing", async () => {
  {
    await using first = await start(withPlugin());
    await addUser(first);
  }
  await using started = await start({});
  const login = await logInByKeyboard(started.port, "ann", ["a password", code()]);
  assert.deepEqual(login, { isIn: false, questions: PASSWORD_AND_CODE });
  assert.match(await refusals(started), /status "AWS" cannot be decrypted: .*kms_options\.encrypted_status is "AWS"/);
});

test("with the plugin and another url, what it encrypted is still read", async () => {
  {
    await using first = await start(withPlugin());
    await addUser(first);
  }
  await using started = await start({ ...withPlugin(), kms: {} });
  assert.equal((await logInByKeyboard(started.port, "ann", ["a password", code()])).isIn, true);
  assert.match(decryptCalls()[0] ?? "", /"url":"","masterKey":""/);
});

test("neither log nor answers have secrets, keys or codes", async () => {
  await using started = await start(withPlugin());
  await addUser(started);
  const used = code();
  await logInByKeyboard(started.port, "ann", ["a password", used]);
  await logInByKeyboard(started.port, "ann", ["a password", used]);
  await started.server.stop();
  const log = JSON.stringify(started.lines);
  for (const secret of [SECRET, Buffer.from(SECRET).toString("base64"), `"${used}"`, '"mk"', "RC-AAAA", "a password"]) {
    assert.ok(!log.includes(secret), secret);
  }
});

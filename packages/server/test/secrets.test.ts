import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";

import { runCli } from "../src/cli/run-cli.ts";
import { loadConfig } from "../src/config/load-config.ts";
import { startServer } from "../src/start-server.ts";
import { createMemoryLogger } from "./files/test-file-system.ts";
import { fairlead, type ProcessResult } from "./fixtures/fairlead-process.ts";
import { makePluginScript } from "./fixtures/plugin-script.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fairlead-secrets-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function configure(content: object): void {
  writeFileSync(join(folder, "fairlead.json"), JSON.stringify(content));
}

/** kms.secrets and a kms plugin for awskms. */
function withPlugin(secrets: object, mode = "good"): object {
  const cmd = makePluginScript(folder, "kms-plugin.ts", { KMS_FILE: join(folder, "calls"), KMS_MODE: mode });
  const plugin = { type: "kms", cmd, auto_mtls: true, kms_options: { scheme: "awskms", encrypted_status: "AWS" } };
  return { kms: { secrets }, plugins: [plugin] };
}

async function run(...args: readonly string[]): Promise<ProcessResult> {
  let stdout = "";
  let stderr = "";
  const code = await runCli(args, {
    env: { SFTPGO_CONFIG_DIR: folder },
    stdin: Readable.from([""]) as unknown as NodeJS.ReadStream,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
  return { code, stdout, stderr };
}

/** Adds a user with a crypt filesystem, and returns the stored passphrase. */
async function addWith(passphrase: object): Promise<ProcessResult & { readonly stored: unknown }> {
  const file = join(folder, "user.json");
  const filesystem = { provider: 4, cryptconfig: { passphrase } };
  writeFileSync(file, JSON.stringify({ home_dir: "/srv/ann", permissions: { "/": ["*"] }, filesystem }));
  const result = await run("user", "add", "ann", "--document", file);
  return { ...result, stored: storedPassphrase() };
}

/** As it stands in the database, if the only user there could be is there. */
function storedPassphrase(): unknown {
  using database = new DatabaseSync(join(folder, "fairlead.db"), { readOnly: true });
  const row = database.prepare("SELECT document FROM users").get();
  if (row === undefined) {
    return undefined;
  }
  const user = JSON.parse(String(row["document"])) as {
    readonly filesystem: { readonly cryptconfig: { readonly passphrase: unknown } };
  };
  return user.filesystem.cryptconfig.passphrase;
}

function calls(): readonly Record<string, unknown>[] {
  const file = join(folder, "calls");
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
}

const PLAIN = { status: "Plain", payload: "correct horse" };

describe("fairlead user add", () => {
  test("encrypts a plain secret without any configuration", async () => {
    configure({});
    const { code, stderr, stored } = await addWith(PLAIN);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      { ...(stored as object), payload: "", key: "" },
      {
        status: "Secretbox",
        payload: "",
        key: "",
        additional_data: "ann",
      },
    );
    assert.equal(JSON.stringify(stored).includes("correct horse"), false);
  });

  test("user list --json shows no key of a secret", async () => {
    configure({});
    await addWith(PLAIN);
    const { stdout } = await run("user", "list", "--json");
    assert.match(stdout, /"status":"Secretbox","payload":"/);
    assert.doesNotMatch(stdout, /"key"|additional_data/);
  });

  test("no file of the data folder has the plain text", async () => {
    configure({ kms: { secrets: { url: "builtin://" } } });
    await addWith(PLAIN);
    rmSync(join(folder, "user.json"));
    for (const name of ["fairlead.db", "fairlead.db-wal"].filter((one) => existsSync(join(folder, one)))) {
      assert.equal(readFileSync(join(folder, name)).includes("correct horse"), false, name);
    }
  });

  test("has the configured kms plugin encrypt, and stops it", async () => {
    configure(withPlugin({ url: "awskms://alias/x", master_key: "mk" }));
    const { code, stderr, stored } = await addWith(PLAIN);
    assert.equal(code, 0, stderr);
    assert.deepEqual(stored, {
      status: "AWS",
      payload: Buffer.from("correct horse").toString("base64"),
      additional_data: "ann",
    });
    const [started, ...asked] = calls();
    assert.deepEqual(asked, [
      { call: "encrypt", payload: "correct horse", additionalData: "ann", url: "awskms://alias/x", masterKey: "mk" },
    ]);
    assert.throws(() => process.kill(Number(started?.["start"]), 0));
  });

  test("starts no plugin for a user without a plain secret, nor to list users", async () => {
    configure(withPlugin({ url: "awskms://alias/x" }));
    const { code, stderr } = await addWith({ status: "AWS", payload: "x" });
    assert.equal(code, 0, stderr);
    await run("user", "passwd", "ann");
    assert.deepEqual(calls(), []);
  });

  test("adds nobody when the plugin fails or answers nonsense, and says why", async () => {
    for (const [mode, message] of [
      ["error", /the key vault is sealed/],
      ["empty", /an empty payload/],
      ["huge", /too long/],
    ] as const) {
      configure(withPlugin({ url: "awskms://alias/x", master_key: "mk-hunter2" }, mode));
      const { code, stderr, stored } = await addWith(PLAIN);
      assert.equal(code, 1);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /correct horse|mk-hunter2/);
      assert.equal(stored, undefined);
    }
  });

  test("adds nobody whose secret nothing here could read", async () => {
    configure({});
    const { code, stderr, stored } = await addWith({ status: "AWS", payload: "x" });
    assert.equal(code, 1);
    assert.match(stderr, /filesystem\.cryptconfig\.passphrase.*"AWS", which nothing here can read/);
    assert.equal(stored, undefined);
  });

  test("adds nobody when the master key cannot be read, but lists users", async () => {
    configure({ kms: { secrets: { master_key_path: "/nonexistent/key" } } });
    const { code, stderr } = await addWith(PLAIN);
    assert.equal(code, 1);
    assert.match(stderr, /cannot use kms\.secrets\.master_key_path \/nonexistent\/key/);
    assert.equal((await run("user", "list")).code, 0);
  });
});

describe("fairlead serve", () => {
  const quiet = { cwd: "", env: { SFTPGO_FAIRLEAD__FREE_PORTS: "true" } };

  test("does not start when nobody encrypts for kms.secrets.url, and stops its plugins", async () => {
    configure({ ...withPlugin({ url: "gcpkms://x" }), sftpd: { bindings: [{ port: 0, address: "127.0.0.1" }] } });
    const { code, stderr } = await fairlead(["serve", "--log-level", "error"], { ...quiet, cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /fairlead: no provider is there for kms\.secrets\.url "gcpkms:\/\/…"/);
    const [started] = calls();
    assert.throws(() => process.kill(Number(started?.["start"]), 0));
  });

  test("warns of a master key that others can read", async () => {
    const file = join(folder, "master.key");
    writeFileSync(file, "key", { mode: 0o644 });
    const sftpd = { bindings: [{ port: 0, address: "127.0.0.1" }], host_keys: ["id_ed25519"] };
    const logger = createMemoryLogger();
    for (const mode of [0o644, 0o400]) {
      chmodSync(file, mode);
      configure({ kms: { secrets: { master_key_path: file } }, sftpd, fairlead: { free_ports: true } });
      await using _server = await startServer({ config: loadConfig({ configDir: folder, env: {} }), logger });
    }
    const warned = logger.lines.filter(({ message }) => message.startsWith("master key can be read by others"));
    assert.deepEqual(
      warned.map(({ fields }) => fields),
      [{ file }],
    );
  });

  test("does not start without the file of its master key", async () => {
    configure({ kms: { secrets: { master_key_path: "/nonexistent/key" } } });
    const { code, stderr } = await fairlead(["serve", "--log-level", "error"], { ...quiet, cwd: folder });
    assert.equal(code, 1);
    assert.match(stderr, /cannot use kms\.secrets\.master_key_path/);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { Secret as TotpSecret, TOTP } from "otpauth";

import { formatSecret, parseSecret } from "../src/secrets/secret.ts";
import { createSecretStore } from "../src/secrets/secret-store.ts";
import { valueAt } from "../src/secrets/secrets-of.ts";
import { logInByKeyboard } from "./fixtures/keyboard-login.ts";
import { skipWithoutSftpGo, startSftpGo } from "./fixtures/sftpgo-process.ts";

// On demand: both directions against a real SFTPGo. What one recorded once is tested beside the source.

const SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const PASSPHRASE = "kV7#qP2!zR9x-Lm4Tg8wYb3Nc6Hd1Js5 ☃";

function codeNow(): string {
  return new TOTP({ secret: TotpSecret.fromBase32(SECRET), algorithm: "SHA1", digits: 6, period: 30 }).generate();
}

for (const [name, url, masterKey] of [
  ["local://", "local://", ""],
  ["local:// with a master key", "", "golden master key"],
  ["builtin://", "builtin://", ""],
] as const) {
  test(`${name}: SFTPGo reads what we encrypt, and we what it encrypts`, { skip: skipWithoutSftpGo() }, async () => {
    const store = createSecretStore({ url, masterKey }, { schemeFor: () => undefined, byStatus: () => undefined });
    const folder = mkdtempSync(join(tmpdir(), "fairlead-sftpgo-"));
    try {
      const userWith = (username: string, secret: unknown, filesystem: object) => ({
        username,
        status: 1,
        home_dir: join(folder, "homes", username),
        permissions: { "/": ["*"] },
        password: "a password",
        filters: { totp_config: { enabled: true, config_name: "Default", protocols: ["SSH"], secret } },
        filesystem,
      });
      const ours = formatSecret(await store.encrypt(SECRET, "ours"));
      const passphrase = { status: "Plain", payload: PASSPHRASE };
      await using sftpGo = await startSftpGo(
        join(folder, "sftpgo"),
        [
          userWith("ours", ours, { provider: 0 }),
          userWith("theirs", { status: "Plain", payload: SECRET }, { provider: 4, cryptconfig: { passphrase } }),
        ],
        { kms: { secrets: { url, master_key: masterKey } } },
      );

      const login = await logInByKeyboard(sftpGo.port, "ours", ["a password", codeNow()]);
      assert.deepEqual(login, { isIn: true, questions: ["Password: ", "Authentication code: "] });

      const theirs = (await sftpGo.users()).find(({ username }) => username === "theirs");
      for (const [path, plain] of [
        [["filters", "totp_config", "secret"], SECRET],
        [["filesystem", "cryptconfig", "passphrase"], PASSPHRASE],
      ] as const) {
        const secret = parseSecret(valueAt(theirs, path), path.join("."));
        assert.ok(secret !== undefined && secret.status !== "Plain");
        assert.equal(await store.decrypt(secret), plain);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

/** Secrets of users: what a kms plugin is asked when they are saved and used, and what is stored. */
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { RunResult } from "../../e2e/harness/run.ts";
import { runCommand } from "../../e2e/harness/server.ts";
import { runRecorded } from "../harness/clients.ts";
import { type Difference, compareValues } from "../harness/compare.ts";
import { type GroupOptions, goldenGroup } from "../harness/golden-group.ts";
import { recordingOf, type SituationDetails } from "../harness/situation.ts";
import type { Stage } from "../harness/stage.ts";

const TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

const options: GroupOptions = {
  plugins: [
    { type: "kms", cmd: "probe-kms", auto_mtls: true, kms_options: { scheme: "awskms", encrypted_status: "AWS" } },
  ],
  sections: { kms: { secrets: { url: "awskms://alias/golden?region=eu-west-1", master_key: "golden master key" } } },
  words: { [`ENC(${Buffer.from(TOTP_SECRET).toString("hex")})`]: "ENC(hex of a TOTP secret)" },
};

/** `POST /api/v2/users`, by the command line. */
async function addByCommand(stage: Stage, user: Readonly<Record<string, unknown>>): Promise<RunResult> {
  const document = await stage.sandbox.write("user.json", stage.expand(JSON.stringify(user)));
  const result = await runCommand(stage.sandbox, stage.config.file, [
    "user",
    "add",
    String(user["username"]),
    "--document",
    document,
  ]);
  return result;
}

/** The recorded user is added; what is stored of its file system's secrets is what was stored. */
function saves(id: string, details: SituationDetails = {}): SituationDetails {
  const user = recordingOf(id).commands[0]?.body as Readonly<Record<string, unknown>>;
  let added: RunResult | undefined;
  return {
    withoutRest: true,
    act: async (stage) => {
      added = await addByCommand(stage, user);
      return [];
    },
    observe: async (stage) =>
      added?.code === 0
        ? await compareSecrets(stage, id, String(user["username"]))
        : [{ at: "user add", ours: added?.stderr, theirs: "added" }],
    ...details,
  };
}

async function compareSecrets(stage: Stage, id: string, username: string): Promise<Difference[]> {
  const noted = recordingOf(id).notes.find((note) => typeof note === "object" && note !== null && "stored" in note);
  const theirs = (noted as { readonly stored?: FileSystem } | undefined)?.stored;
  if (theirs === undefined) return [];
  const ours = (await stage.findUser(username))?.["filesystem"] as FileSystem | undefined;
  const differences: Difference[] = [];
  compareValues(
    "stored cryptconfig.passphrase",
    ours?.cryptconfig?.passphrase,
    theirs.cryptconfig?.passphrase,
    differences,
  );
  compareValues("stored sftpconfig.password", ours?.sftpconfig?.password, theirs.sftpconfig?.password, differences);
  return differences;
}

interface FileSystem {
  readonly cryptconfig?: { readonly passphrase?: unknown };
  readonly sftpconfig?: { readonly password?: unknown };
}

const encrypts = (more: {
  readonly key?: string;
  readonly mode?: number;
  readonly payload?: string;
}): SituationDetails => ({
  behaviours: { Encrypt: [more] },
});

const totp = {
  enabled: true,
  config_name: "Default",
  protocols: ["SSH", "HTTP"],
  secret: { status: "Plain", payload: TOTP_SECRET },
};
const tot = {
  username: "tot",
  status: 1,
  password: "t-pw",
  home_dir: "$HOMES/tot",
  permissions: { "/": ["*"] },
  filters: { totp_config: totp },
};
const tg = {
  username: "tg",
  status: 1,
  home_dir: "$HOMES/tg",
  permissions: { "/": ["*"] },
  public_keys: ["ssh-ed25519 $KEY_auth2 auth2"],
  filters: {
    totp_config: totp,
    max_upload_file_size: 120,
    file_patterns: [{ path: "/", denied_patterns: ["*.exe"] }],
  },
};

/** RFC 6238, six digits of half a minute. */
function codeNow(): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(TOTP_SECRET, (letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19]! & 15) & 0x7fff_ffff;
  return String(number % 1_000_000).padStart(6, "0");
}

const interactive = (answers: readonly string[]): SituationDetails => ({
  paramiko: { action: "interactive", user: "tot", answers: answers.map((answer) => [answer]), form: "tuple" },
});

goldenGroup("secrets: a kms plugin", options, {
  "K-start": {},
  "K-user-crypt-add": saves("K-user-crypt-add"),
  "K-login-crypt-badpw": {},
  "K-user-sftpfs-add2": saves("K-user-sftpfs-add2"),
  "K-user-sftpfs-add3": saves("K-user-sftpfs-add3"),
  "K-login-s3": {},
  "K-encrypt-key-abc": saves("K-encrypt-key-abc", encrypts({ key: "abc" })),
  "K-encrypt-key-64-mode1": saves("K-encrypt-key-64-mode1", encrypts({ key: "a".repeat(64), mode: 1 })),
  "K-encrypt-key-63": saves("K-encrypt-key-63", encrypts({ key: "a".repeat(63) })),
  "K-encrypt-mode5": saves("K-encrypt-mode5", encrypts({ mode: 5 })),
  "K-encrypt-empty": saves("K-encrypt-empty", encrypts({ payload: "" })),
  "K2-sftpfs-add": saves("K2-sftpfs-add"),
  "K2-s3-add-sse": saves("K2-s3-add-sse"),
  "K-totp-ki-ok": {
    before: async (stage) => void (await addByCommand(stage, tot)),
    act: async (stage, recording) => [
      await runRecorded(stage, recording.commands[0]!, interactive(["t-pw", codeNow()])),
    ],
  },
  "K-totp-pw": {},
  "K5-with-size": { before: async (stage) => void (await addByCommand(stage, tg)) },
  "K5-with-exe": { work: { "x.exe": 100 } },
});

/** The users were saved with the plugin; the server runs without. */
goldenGroup(
  "secrets: the kms plugin is gone",
  {
    ...options,
    beforeStart: async (stage) => {
      await addByCommand(stage, tot);
      await addByCommand(stage, tg);
      const config = JSON.parse(await readFile(stage.config.file, "utf8")) as {
        plugins: { type: string }[];
        kms?: unknown;
      };
      config.plugins = config.plugins.filter(({ type }) => type !== "kms");
      delete config.kms;
      await stage.sandbox.write("data/fairlead.json", JSON.stringify(config));
    },
  },
  {
    "K4-noplugin-totp-ki": interactive(["t-pw", codeNow()]),
    "K5-noplugin-size": {},
    "K5-noplugin-exe": { work: { "x.exe": 100 } },
  },
);

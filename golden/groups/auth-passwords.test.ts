/** Passwords and public keys that an auth plugin is asked about, and what its answers mean. */
import { goldenGroup } from "../harness/golden-group.ts";
import type { SituationDetails } from "../harness/situation.ts";
import type { GoldenUser } from "../harness/stage.ts";

const users: readonly GoldenUser[] = [
  { username: "full", password: "full-pw" },
  { username: "quota", password: "q-pw" },
  {
    username: "local",
    key: "",
    password: "local-pw",
    filters: { hooks: { external_auth_disabled: true, pre_login_disabled: false, check_password_disabled: false } },
  },
  {
    username: "multi",
    password: "multi-pw",
    filters: {
      denied_login_methods: ["publickey", "password", "keyboard-interactive", "publickey+keyboard-interactive"],
    },
  },
];

/** Of a user with every right; null leaves a field out. */
function userJson(username: string, more: Readonly<Record<string, unknown>> = {}): string {
  const user = { username, status: 1, home_dir: `$HOMES/${username}`, permissions: { "/": ["*"] }, ...more };
  return JSON.stringify(Object.fromEntries(Object.entries(user).filter(([, value]) => value !== null)));
}

const answers = (answer: string): SituationDetails => ({ behaviours: { CheckUserAndPass: [{ answer }] } });
const keyAnswers = (answer: string): SituationDetails => ({ behaviours: { CheckUserAndPublicKey: [{ answer }] } });
const refuses = (code: string, message: string): SituationDetails => ({
  behaviours: { CheckUserAndPass: [{ error: { code, message } }] },
});

const authPlugin = {
  type: "auth",
  cmd: "probe-auth",
  auto_mtls: true,
  auth_options: { scope: 15 },
};

// The state of users carries over.
goldenGroup(
  "auth: passwords and keys",
  { users, plugins: [authPlugin] },
  {
    "A-pw-empty-known-right": {},
    "A-pw-empty-known-old": {},
    "A-pw-empty-unknown": {},
    "A-pw-newline-known": answers("\n"),
    "A-pw-json-unknown": answers(userJson("newu")),
    "A-pw-json-other-pw": answers(userJson("newu")),
    "A-pw-json-known-update": answers(
      userJson("quota", { permissions: { "/": ["list"] }, description: "from plugin" }),
    ),
    "A-pw-json-nostatus": answers(userJson("nost", { status: null })),
    "A-pw-json-other-name-unknown": answers(userJson("alias2")),
    "A-pw-json-other-name-exists": answers(userJson("alias2")),
    "A-pw-json-other-name-known": answers(userJson("alias2")),
    "A-pw-json-invalid": answers("not json"),
    "A-pw-json-null": answers("null"),
    "A-pw-json-emptyname": answers('{"username": ""}'),
    "A-pw-json-emptyobj": answers("{}"),
    "A-pw-json-array": answers("[]"),
    "A-pw-json-nopermroot": answers(userJson("minu", { permissions: {} })),
    "A-pw-json-relhome": answers(userJson("minu", { home_dir: "rel" })),
    "A-pw-json-group-missing": answers(userJson("minu", { groups: [{ name: "nogroup", type: 1 }] })),
    "A-pw-json-folder-missing": answers(
      userJson("minu", { virtual_folders: [{ name: "nofolder", virtual_path: "/v", quota_size: 0, quota_files: 0 }] }),
    ),
    "A-pw-json-role-missing": answers(userJson("minr", { role: "norole" })),
    "A-pw-err-2": refuses("UNKNOWN", "probe refuses"),
    "A-pw-err-5": refuses("NOT_FOUND", "probe refuses"),
    "A-pw-err-unknown": refuses("NOT_FOUND", "user not found"),
    "A-hook-disabled": {},
    "A-cache-1": answers(userJson("cache", { filters: { external_auth_cache_time: 60 } })),
    "A-cache-2": {},
    "A-cache-3": {},
    "A-key-empty-known-right": {},
    "A-key-empty-known-wrong": {},
    "A-key-two-offers": {},
    "A-key-empty-unknown": {},
    "A-key-json-withcomment": keyAnswers(userJson("keyv", { public_keys: ["ssh-ed25519 $KEY_auth2 auth2"] })),
    "A-key-json-bare": keyAnswers(userJson("keyw", { public_keys: ["ssh-ed25519 $KEY_auth2"] })),
    "A-key-err": { behaviours: { CheckUserAndPublicKey: [{ error: { code: "UNKNOWN", message: "no such key" } }] } },
    "A-multi-ok": {},
    "A-username-case": {},
  },
);

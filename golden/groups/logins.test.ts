/** Every way to get in over SSH, and not to: what the notifier is told of it. */
import { goldenGroup } from "../harness/golden-group.ts";
import type { GoldenUser } from "../harness/stage.ts";

const users: readonly GoldenUser[] = [
  { username: "full", password: "full-pw" },
  {
    username: "multi",
    password: "multi-pw",
    filters: {
      denied_login_methods: ["publickey", "password", "keyboard-interactive", "publickey+keyboard-interactive"],
    },
  },
  { username: "disabled", password: "d-pw", key: "auth1", status: 0 },
  { username: "expired", password: "e-pw", key: "auth1", expiration_date: 1000 },
  { username: "ipd", password: "i-pw", key: "auth1", filters: { denied_ip: ["127.0.0.0/8"] } },
  { username: "protod", password: "p-pw", key: "auth1", filters: { denied_protocols: ["SSH"] } },
  { username: "max1", key: "auth1", max_sessions: 1 },
];

goldenGroup(
  "logins",
  { users },
  {
    "L-key-ok": {},
    "L-ki-bad": {},
    "L-key-bad-2": {},
    "L-nouser-pw": {},
    "L-nouser-key": {},
    "L-nouser-ki": {},
    "L-key-bad-pw-bad": {},
    "L-key-bad-pw-ok": {},
    "L-default-order-pw-bad": {},
    "L-pw-bad-x8": {},
    "L-pw-bad-then-ok": {},
    "L-none-ghost": {},
    "L-ssh1": {},
    "L-kex-done-close": {},
    "L-no-common-kex": {},
    "L-no-common-cipher": {},
    "L-no-common-mac": {},
    "L-multi-ok": {},
    "L-multi-pw-only": {},
    "L-disabled-key": {},
    "L-expired-key": {},
    "L-ipd-pw": {},
    "L-protod-pw": {},
    "L-protod-key": {},
    "L-max-sessions": { user: "max1", key: "auth1" },
    "L-two-sftp-channels": { homes: { full: {} } },
    "L-pw-bad-x8-openssh": { asked: ["nope"] },
    "L-ki-bad-then-ok-openssh": { asked: ["nope", "full-pw"] },
    "L-ki-bad-pw-bad": { asked: ["nope"] },
  },
);

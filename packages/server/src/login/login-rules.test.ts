import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseUser, type User } from "../domain/user.ts";
import {
  checkAccount,
  checkGate,
  checkPasswordAge,
  type GateFacts,
  type RefusalRule,
  secondStepsAfterKey,
} from "./login-rules.ts";

/** A Wednesday, 10:30 UTC. */
const NOW_MS = Date.UTC(2026, 10, 25, 10, 30);

function user(more: Record<string, unknown> = {}): User {
  return parseUser({ username: "alice", status: 1, home_dir: "/srv/alice", permissions: { "/": ["*"] }, ...more });
}

describe("checkAccount", () => {
  for (const [what, more, rule] of [
    ["an enabled user", {}, undefined],
    ["a disabled user", { status: 0 }, "disabled"],
    ["a user without a status", { status: undefined }, "disabled"],
    ["an expired user", { expiration_date: NOW_MS - 1 }, "expired"],
    ["a user that expires later", { expiration_date: NOW_MS + 1 }, undefined],
    ["a disabled and expired user", { status: 0, expiration_date: 1 }, "disabled"],
    ["a user within the weekly time", access(3, "10:00", "11:00"), undefined],
    ["a user at the last minute", access(3, "10:00", "10:30"), undefined],
    ["a user after the weekly time", access(3, "08:00", "10:29"), "access-time"],
    ["a user on another weekday", access(2, "00:00", "23:59"), "access-time"],
    ["a user whose time cannot be read", access(3, "soon", "later"), "access-time"],
  ] as const satisfies readonly (readonly [string, Record<string, unknown>, RefusalRule | undefined])[]) {
    test(`${what}: ${rule ?? "allowed"}`, () => {
      assert.equal(checkAccount(user(more), NOW_MS)?.rule, rule);
    });
  }

  test("says what SFTPGo says", () => {
    assert.equal(checkAccount(user({ status: 0 }), NOW_MS)?.message, 'user "alice" is disabled');
    assert.equal(
      checkAccount(user({ expiration_date: 1000 }), NOW_MS)?.message,
      `user "alice" is expired, expiration timestamp: 1000 current timestamp: ${NOW_MS}`,
    );
  });
});

function access(dayOfWeek: number, from: string, to: string): Record<string, unknown> {
  return { filters: { access_time: [{ day_of_week: dayOfWeek, from, to }] } };
}

describe("checkPasswordAge", () => {
  for (const [what, more, isRefused] of [
    ["no rule", {}, false],
    ["a change asked for", { filters: { require_password_change: true } }, true],
    ["an old password", { last_password_change: NOW_MS - 86_400_001, filters: { password_expiration: 1 } }, true],
    ["a fresh password", { last_password_change: NOW_MS - 86_399_999, filters: { password_expiration: 1 } }, false],
    ["a password of unknown age", { filters: { password_expiration: 1 } }, true],
  ] as const) {
    test(`${what}: ${isRefused ? "refused" : "allowed"}`, () => {
      assert.equal(checkPasswordAge(user(more), NOW_MS) !== undefined, isRefused);
    });
  }
});

describe("checkGate", () => {
  const facts: GateFacts = { ip: "192.0.2.7", method: "password", openSessions: 0 };

  for (const [what, more, moreFacts, rule] of [
    ["a plain user", {}, {}, undefined],
    ["no home", { home_dir: "" }, {}, "home-dir"],
    ["a relative home", { home_dir: "srv" }, {}, "home-dir"],
    ["SSH denied", filters({ denied_protocols: ["SSH"] }), {}, "denied-protocol"],
    ["FTP denied", filters({ denied_protocols: ["FTP"] }), {}, undefined],
    ["a free session", { max_sessions: 2 }, { openSessions: 1 }, undefined],
    ["no free session", { max_sessions: 2 }, { openSessions: 2 }, "max-sessions"],
    ["passwords denied", filters({ denied_login_methods: ["password"] }), {}, "denied-method"],
    ["passwords over SSH denied", filters({ denied_login_methods: ["password-over-SSH"] }), {}, "denied-method"],
    ["passwords denied, by key", filters({ denied_login_methods: ["password"] }), { method: "publickey" }, undefined],
    ["keys denied, by key", filters({ denied_login_methods: ["publickey"] }), { method: "publickey" }, "denied-method"],
    [
      "keys denied, by key and password",
      filters({ denied_login_methods: ["publickey"] }),
      { method: "publickey+password" },
      undefined,
    ],
    ["a second factor needed and missing", filters({ two_factor_protocols: ["SSH"] }), {}, "second-factor"],
    [
      "a second factor needed and there",
      filters({ two_factor_protocols: ["SSH"], totp_config: { enabled: true, protocols: ["SSH"] } }),
      {},
      undefined,
    ],
    [
      "a second factor needed and there for HTTP only",
      filters({ two_factor_protocols: ["SSH"], totp_config: { enabled: true, protocols: ["HTTP"] } }),
      {},
      "second-factor",
    ],
    ["a second factor, by password", filters({ totp_config: { enabled: true } }), {}, undefined],
    ["an allowed address", filters({ allowed_ip: ["192.0.2.0/24"] }), {}, undefined],
    ["an address not among the allowed", filters({ allowed_ip: ["198.51.100.0/24"] }), {}, "denied-ip"],
    ["a denied address", filters({ denied_ip: ["192.0.2.7"] }), {}, "denied-ip"],
    [
      "an address both allowed and denied",
      filters({ allowed_ip: ["192.0.2.0/24"], denied_ip: ["192.0.2.7"] }),
      {},
      "denied-ip",
    ],
    ["a range nobody can read", filters({ denied_ip: ["everybody"] }), {}, "denied-ip"],
    ["an S3 filesystem", { filesystem: { provider: 1 } }, {}, "unsupported"],
    ["an encrypted filesystem", { filesystem: { provider: 4 } }, {}, "unsupported"],
    ["virtual folders", { virtual_folders: [{ name: "f", virtual_path: "/f" }] }, {}, "unsupported"],
    ["a limit of transferred data", { upload_data_transfer: 100 }, {}, "unsupported"],
    ["groups", { groups: [{ name: "g", type: 1 }] }, {}, "unsupported"],
  ] as const satisfies readonly (readonly [
    string,
    Record<string, unknown>,
    Partial<GateFacts>,
    RefusalRule | undefined,
  ])[]) {
    test(`${what}: ${rule ?? "allowed"}`, () => {
      assert.equal(checkGate(user(more), { ...facts, ...moreFacts })?.rule, rule);
    });
  }

  test("looks in SFTPGo's order: home, protocol, sessions, method, address", () => {
    const steps: Record<string, unknown>[] = [
      { home_dir: "x" },
      filters({ denied_protocols: ["SSH"] }),
      { max_sessions: 1 },
      filters({ denied_login_methods: ["password"] }),
      filters({ denied_ip: ["0.0.0.0/0"] }),
    ];
    const found: (RefusalRule | undefined)[] = [];
    for (let start = 0; start < steps.length; start += 1) {
      const rest = steps.slice(start);
      const merged = Object.assign({}, ...rest.map((step) => step["filters"])) as Record<string, unknown>;
      const subject = user({ ...(Object.assign({}, ...rest) as object), filters: merged });
      found.push(checkGate(subject, { ...facts, openSessions: 1 })?.rule);
    }
    assert.deepEqual(found, ["home-dir", "denied-protocol", "max-sessions", "denied-method", "denied-ip"]);
  });
});

function filters(value: Record<string, unknown>): Record<string, unknown> {
  return { filters: value };
}

describe("secondStepsAfterKey", () => {
  const singles = ["publickey", "password", "keyboard-interactive"];

  for (const [what, denied, steps] of [
    ["nothing denied", [], []],
    ["keys denied alone", ["publickey"], []],
    ["all single steps denied", singles, ["password", "keyboard-interactive"]],
    ["all but key and password denied", [...singles, "publickey+keyboard-interactive"], ["password"]],
    [
      "passwords over SSH counted as denied",
      ["publickey", "password-over-SSH", "keyboard-interactive"],
      ["password", "keyboard-interactive"],
    ],
    ["everything denied", [...singles, "publickey+password", "publickey+keyboard-interactive"], []],
  ] as const) {
    test(`with ${what}: [${steps.join(", ")}]`, () => {
      assert.deepEqual(secondStepsAfterKey(user(filters({ denied_login_methods: denied }))), steps);
    });
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { parseUser, type User } from "../domain/user.ts";
import { type Authenticator, createAuthenticator, type LoginDecision } from "./authenticator.ts";
import type { PasswordVerdict } from "./password/password-hasher.ts";
import { createSessionRegistry } from "./session-registry.ts";

const KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIIIbjHeeYJ0ECqVEzVRtUJvOOqSCTJCsGsP7zJNtJYjJ";
const BLOB = Buffer.from(KEY, "base64");

interface Fixture {
  readonly authenticator: Authenticator;
  /** What was asked of the hasher. */
  readonly hashed: string[];
  readonly recorded: string[];
}

/** One user whose password hash is the password itself. */
function fixture(more: Record<string, unknown> = {}, verdict?: PasswordVerdict): Fixture {
  const user: User = parseUser({
    username: "alice",
    status: 1,
    home_dir: "/srv/alice",
    permissions: { "/": ["*"] },
    password: "secret",
    public_keys: [`ssh-ed25519 ${KEY}`],
    ...more,
  });
  const hashed: string[] = [];
  const recorded: string[] = [];
  const authenticator = createAuthenticator({
    users: {
      findUser: async (name) => await Promise.resolve(name === user.username ? user : undefined),
      recordLogin: async (name, atMs) => {
        recorded.push(`${name} ${atMs}`);
        await Promise.resolve();
      },
    },
    hasher: {
      hash: async (password) => await Promise.resolve(password),
      verify: async (password, encoded) => {
        hashed.push(`verify ${password}`);
        return await Promise.resolve(verdict ?? (password === encoded ? "match" : "mismatch"));
      },
      verifyNothing: async (password) => {
        hashed.push(`nothing ${password}`);
        return await Promise.resolve("mismatch");
      },
    },
    sessions: createSessionRegistry(),
    namingRules: 7,
    clock: () => 5000,
  });
  return { authenticator, hashed, recorded };
}

function password(text: string, username = "alice"): Parameters<Authenticator["checkPassword"]>[0] {
  return { username, ip: "192.0.2.1", password: text, method: "password" };
}

function outcome(decision: LoginDecision): string {
  return decision.outcome === "refused" ? `refused by ${decision.stage}: ${decision.message}` : decision.outcome;
}

describe("a password", () => {
  test("that is right is accepted", async () => {
    const { authenticator } = fixture();
    assert.equal(outcome(await authenticator.checkPassword(password("secret"))), "accepted");
  });

  test("is looked up under the name the naming rules make", async () => {
    const { authenticator } = fixture();
    assert.equal(outcome(await authenticator.checkPassword(password("secret", " ALICE "))), "accepted");
  });

  test("of an unknown user is compared with nothing, for as long", async () => {
    const { authenticator, hashed } = fixture();
    const decision = await authenticator.checkPassword(password("secret", "ghost"));
    assert.deepEqual(decision, {
      outcome: "refused",
      stage: "credentials",
      isUnknownUser: true,
      message: "not found: sql: no rows in result set",
    });
    assert.deepEqual(hashed, ["nothing secret"]);
  });

  test("of a user without one is compared with nothing and refused", async () => {
    const { authenticator, hashed } = fixture({ password: "" });
    const decision = await authenticator.checkPassword(password(""));
    assert.equal(outcome(decision), "refused by credentials: invalid credentials");
    assert.deepEqual(hashed, ["nothing "]);
  });

  test("of a disabled user is compared all the same", async () => {
    const { authenticator, hashed } = fixture({ status: 0 });
    const decision = await authenticator.checkPassword(password("secret"));
    assert.equal(outcome(decision), 'refused by credentials: user "alice" is disabled');
    assert.deepEqual(hashed, ["verify secret"]);
  });

  test("that is wrong does not tell what a rule would say", async () => {
    const { authenticator } = fixture({ filters: { denied_protocols: ["SSH"] } });
    const wrong = await authenticator.checkPassword(password("wrong"));
    const right = await authenticator.checkPassword(password("secret"));
    assert.equal(outcome(wrong), "refused by credentials: invalid credentials");
    assert.equal(outcome(right), 'refused by gate: protocol SSH is not allowed for user "alice"');
  });

  for (const verdict of ["busy", "unsupported", "mismatch"] as const) {
    test(`whose check ends with ${verdict} is refused`, async () => {
      const { authenticator } = fixture({}, verdict);
      assert.equal((await authenticator.checkPassword(password("secret"))).outcome, "refused");
    });
  }
});

describe("a key", () => {
  const request = { username: "alice", ip: "192.0.2.1", blob: BLOB };

  test("that is the user's is accepted", async () => {
    const { authenticator } = fixture();
    assert.equal(outcome(await authenticator.checkPublicKey(request)), "accepted");
  });

  test("of someone else, of a disabled or of an unknown user is refused", async () => {
    const other = Buffer.from(BLOB);
    other[30] = (other[30] ?? 0) ^ 1;
    const refusals = [
      await fixture().authenticator.checkPublicKey({ ...request, blob: other }),
      await fixture({ status: 0 }).authenticator.checkPublicKey(request),
      await fixture().authenticator.checkPublicKey({ ...request, username: "ghost" }),
    ];
    assert.deepEqual(refusals.map(outcome), [
      "refused by credentials: invalid credentials",
      'refused by credentials: user "alice" is disabled',
      "refused by credentials: not found: sql: no rows in result set",
    ]);
  });

  test("is only the first step where single steps are denied", async () => {
    const denied = ["publickey", "password", "keyboard-interactive", "publickey+keyboard-interactive"];
    const { authenticator } = fixture({ filters: { denied_login_methods: denied } });
    assert.deepEqual(await authenticator.checkPublicKey(request), { outcome: "partial", nextSteps: ["password"] });
    assert.equal(
      outcome(await authenticator.checkPassword({ ...password("secret"), method: "publickey+password" })),
      "accepted",
    );
    assert.match(outcome(await authenticator.checkPassword(password("secret"))), /^refused by gate: login method/);
  });
});

describe("a session", () => {
  test("is counted when it opens, which is remembered as the last login", async () => {
    const { authenticator, recorded } = fixture({ max_sessions: 1 });
    const decision = await authenticator.checkPassword(password("secret"));
    assert.ok(decision.outcome === "accepted");
    const slot = authenticator.openSession(decision.user);
    assert.ok(slot);
    assert.deepEqual(recorded, ["alice 5000"]);
    assert.equal(authenticator.openSession(decision.user), undefined);
    assert.match(outcome(await authenticator.checkPassword(password("secret"))), /too many open sessions: 1/);
    slot.release();
    assert.equal(outcome(await authenticator.checkPassword(password("secret"))), "accepted");
  });
});

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import type { Logger } from "@fairlead/go-plugin";
import type { IpFilterHub, SearchHub } from "@fairlead/plugin-host";
import type { FsEventsFilter } from "@fairlead/plugin-sdk/client";
import type { FastifyInstance, LightMyRequestResponse } from "fastify";

import { parseAdmin } from "../src/domain/admin.ts";
import { createRestServer } from "../src/http/rest-server.ts";
import { createAdminAccounts } from "../src/login/admin-accounts.ts";
import { createPasswordHasher, DEFAULT_HASHING_POLICY } from "../src/login/password/password-hasher.ts";
import { openSqliteStore, type SqliteStore } from "../src/store/sqlite-store.ts";

const silent: Logger = { level: "error", log: () => undefined, child: () => silent } as unknown as Logger;

let store: SqliteStore;
let server: FastifyInstance;
/** What the plugin was asked for, and what it answers. */
let asked: FsEventsFilter[] = [];
let answer: (filter: FsEventsFilter) => string = () => "[]";
let isConfigured = true;
let isBlocked = false;

const searcher = {
  get isConfigured() {
    return isConfigured;
  },
  searchFsEvents: async (filter: FsEventsFilter) => {
    asked.push(filter);
    return await Promise.resolve(Buffer.from(answer(filter)));
  },
  searchProviderEvents: async () => await Promise.resolve(Buffer.from("[]")),
  searchLogEvents: async () => await Promise.resolve(Buffer.from("[]")),
} as unknown as SearchHub;

const ipFilter = {
  isConfigured: true,
  check: async () => await Promise.resolve(isBlocked ? { allowed: false, reason: "no" } : { allowed: true }),
} as unknown as IpFilterHub;

beforeEach(async () => {
  asked = [];
  answer = () => "[]";
  isConfigured = true;
  isBlocked = false;
  store = openSqliteStore({ file: ":memory:" });
  const hasher = createPasswordHasher({ ...DEFAULT_HASHING_POLICY, bcryptCost: 4 }, { running: 1, waiting: 8 });
  const admins = createAdminAccounts({ store: store.admins, hasher, namingRules: 5 });
  const everybody = { status: 1, password: "sesame" };
  await admins.add({ ...everybody, username: "root", permissions: ["*"] });
  await admins.add({ ...everybody, username: "audit", permissions: ["view_events"], role: "r1" });
  await admins.add({ ...everybody, username: "clerk", permissions: ["add_users"] });
  server = createRestServer({ admins, searcher, ipFilter, logger: silent, signingPassphrase: "", failureDelayMs: 0 });
});

afterEach(async () => {
  await server.close();
  await store.close();
});

async function token(username: string, password = "sesame"): Promise<LightMyRequestResponse> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return await server.inject({ url: "/api/v2/token", headers: { authorization } });
}

async function get(url: string, username = "root"): Promise<LightMyRequestResponse> {
  const { access_token: text } = (await token(username)).json<{ access_token: string }>();
  return await server.inject({ url, headers: { authorization: `Bearer ${text}` } });
}

describe("a token", () => {
  test("is given for the right password, for twenty minutes", async () => {
    const { access_token: text, expires_at: expiresAt } = (await token("root")).json<Record<string, string>>();
    const [, claims = ""] = String(text).split(".");
    const { exp, iat, aud } = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, number>;
    assert.equal(Number(exp) - Number(iat), 1200);
    assert.deepEqual(aud, ["API", "127.0.0.1"]);
    assert.equal(Date.parse(String(expiresAt)), Number(exp) * 1000);
    assert.match(String(expiresAt), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  test("is refused with SFTPGo's words for a wrong password and an unknown name", async () => {
    for (const response of [await token("root", "x"), await token("ghost")]) {
      assert.equal(response.statusCode, 401);
      assert.equal(response.body, '{"error":"invalid credentials","message":"Unauthorized"}\n');
      assert.match(String(response.headers["www-authenticate"]), /^Basic /);
    }
  });

  test("is asked for when there are no credentials, or garbage", async () => {
    for (const authorization of [undefined, "Basic !", "Basic", "Basic Og==", "Digest x"]) {
      const response = await server.inject({
        url: "/api/v2/token",
        headers: { ...(authorization && { authorization }) },
      });
      assert.equal(response.statusCode, 401);
      assert.equal(response.body, '{"message":"Unauthorized"}\n');
    }
  });

  test("that is forged, for another address or without one is no token", async () => {
    const { access_token: text } = (await token("root")).json<{ access_token: string }>();
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    for (const authorization of [`Bearer x${text}`, `Bearer ${none}.${text.split(".")[1]}.`, "Bearer", undefined]) {
      const response = await server.inject({
        url: "/api/v2/events/fs",
        headers: { ...(authorization && { authorization }) },
      });
      assert.equal(response.body, '{"error":"no token found","message":"Unauthorized"}\n');
    }
    const elsewhere = await server.inject({
      url: "/api/v2/events/fs",
      headers: { authorization: `Bearer ${text}` },
      remoteAddress: "192.0.2.1",
    });
    assert.equal(elsewhere.statusCode, 401);
  });

  test("is worth nothing after logout, and after its administrator was removed", async () => {
    const { access_token: text } = (await token("root")).json<{ access_token: string }>();
    const headers = { authorization: `Bearer ${text}` };
    const out = await server.inject({ url: "/api/v2/logout", headers });
    assert.equal(out.json<{ message: string }>().message, "Your token has been invalidated");
    const later = await server.inject({ url: "/api/v2/events/fs", headers });
    assert.equal(later.body, '{"message":"Your token is no longer valid"}\n');
    const other = (await token("audit")).json<{ access_token: string }>().access_token;
    await store.admins.removeAdmin("audit");
    const removed = await server.inject({ url: "/api/v2/events/fs", headers: { authorization: `Bearer ${other}` } });
    assert.equal(removed.statusCode, 401);
  });

  for (const [what, change] of [
    ["another password", { password: "other" }],
    ["no access", { status: 0 }],
    ["a second factor, which is not here", { filters: { require_two_factor: true } }],
    ["another address", { filters: { allow_list: ["192.0.2.0/24"] } }],
    ["somebody else of the same name", undefined],
  ] as const) {
    test(`is worth nothing once its administrator has ${what}`, async () => {
      const { access_token: text } = (await token("audit")).json<{ access_token: string }>();
      const headers = { authorization: `Bearer ${text}` };
      assert.equal((await server.inject({ url: "/api/v2/events/fs", headers })).statusCode, 200);
      const audit = await store.admins.findAdmin("audit");
      assert.ok(audit);
      if (change === undefined) {
        await store.admins.removeAdmin("audit");
        await store.admins.addAdmin(audit);
      } else {
        await store.admins.updateAdmin(parseAdmin({ ...audit.document, ...change }));
      }
      const later = await server.inject({ url: "/api/v2/events/fs", headers });
      assert.equal(later.statusCode, 401);
      assert.equal(later.body, '{"message":"Your token is no longer valid"}\n');
    });
  }
});

describe("events", () => {
  test("are answered with the plugin's bytes, whatever they are", async () => {
    for (const bytes of ["", "null", '{"a":1}', '[{"timestamp": 1700000000000000001}]']) {
      answer = () => bytes;
      const response = await get("/api/v2/events/fs?limit=1");
      assert.equal(response.statusCode, 200);
      assert.equal(response.body, bytes);
      assert.equal(response.headers["content-type"], "application/json");
    }
    assert.equal(asked[0]?.limit, 1);
  });

  test("are refused to who may not see them", async () => {
    const response = await get("/api/v2/events/fs", "clerk");
    assert.equal(response.statusCode, 403);
    assert.equal(response.body, '{"message":"Forbidden"}\n');
  });

  test("are those of the administrator's role, whatever role is asked for", async () => {
    await get("/api/v2/events/fs?role=other", "audit");
    await get("/api/v2/events/fs?role=other");
    assert.deepEqual(
      asked.map(({ role }) => role),
      ["r1", "other"],
    );
  });

  test("without a plugin are not implemented, but a wrong query is said first", async () => {
    isConfigured = false;
    assert.equal((await get("/api/v2/events/fs?limit=0")).statusCode, 400);
    const response = await get("/api/v2/events/logs");
    assert.equal(response.statusCode, 501);
    assert.equal(response.body, '{"error":"no events searcher plugin defined","message":""}\n');
  });

  test("that the plugin cannot find are an error with its words", async () => {
    answer = () => {
      throw new Error("rpc error: code = NotFound desc = probe error");
    };
    for (const url of ["/api/v2/events/fs", "/api/v2/events/fs?csv_export=true"]) {
      const response = await get(url);
      assert.equal(response.statusCode, 500);
      assert.equal(response.body, '{"error":"rpc error: code = NotFound desc = probe error","message":""}\n');
    }
  });
});

function row(id: number): string {
  return (
    `{"id":"x${id}","timestamp":${1_700_000_000_000_000_000n + BigInt(id)},"action":"upload","username":"u","fs_path":"/h",` +
    `"virtual_path":"/a","file_size":5,"elapsed":7,"status":1,"protocol":"SFTP","ip":"::1","session_id":"s","fs_provider":0}`
  );
}

function page(from: number, to: number, step: number): string {
  const rows: string[] = [];
  for (let id = from; step > 0 ? id < to : id > to; id += step) rows.push(row(id));
  return `[${rows.join(",")}]`;
}

describe("an export", () => {
  test("goes on from the last row, forwards", async () => {
    answer = ({ fromId }) => (fromId === "" ? page(0, 100, 1) : page(100, 103, 1));
    const response = await get("/api/v2/events/fs?csv_export=true&order=ASC&limit=7");
    assert.equal(response.body.split("\n").length, 1 + 103 + 1);
    assert.match(String(response.headers["content-disposition"]), /^attachment; filename=fslogs-[\dT-]{19}\.csv$/);
    assert.equal(response.headers["content-type"], "text/csv");
    assert.equal(asked[1]?.fromId, "x99");
    assert.equal(asked[1]?.startTimestampNs, 1_700_000_000_000_000_099n);
    assert.deepEqual(
      asked.map(({ limit }) => limit),
      [100, 100],
    );
  });

  test("goes on from the last row, backwards", async () => {
    answer = ({ fromId }) => (fromId === "" ? page(102, 2, -1) : page(2, -1, -1));
    const response = await get("/api/v2/events/fs?csv_export=true");
    assert.equal(response.body.split("\n").length, 1 + 103 + 1);
    assert.equal(asked[1]?.fromId, "x3");
    assert.equal(asked[1]?.endTimestampNs, 1_700_000_000_000_000_003n);
    assert.equal(asked[1]?.startTimestampNs, undefined);
  });

  test("of null is the header alone", async () => {
    answer = () => "null";
    const response = await get("/api/v2/events/fs?csv_export=true");
    assert.equal(response.body, "Time,Action,Path,Fs Path,Size,Elapsed,Status,User,Protocol,IP,SSH command,Role\n");
  });

  test("of something else than rows is an error and no empty file", async () => {
    for (const bytes of ["", "{}", "notjson", "[1]"]) {
      answer = () => bytes;
      const response = await get("/api/v2/events/fs?csv_export=true");
      assert.equal(response.statusCode, 500, bytes);
      assert.match(response.body, /answered something else than rows/);
    }
  });
});

test("a blocked address is told so, whatever it asks for", async () => {
  isBlocked = true;
  for (const url of ["/healthz", "/api/v2/token", "/nope"]) {
    const response = await server.inject({ url });
    assert.equal(response.statusCode, 403);
    assert.equal(response.body, '{"error":"your IP address is blocked","message":""}\n');
  }
});

test("what is not there is not found, and another method is not allowed", async () => {
  const missing = await server.inject({ url: "/api/v2/nope" });
  assert.equal(missing.statusCode, 404);
  assert.equal(missing.body, '{"message":"Not Found"}\n');
  const wrong = await server.inject({ url: "/api/v2/events/fs?x=1", method: "POST" });
  assert.equal(wrong.statusCode, 405);
  assert.match(String(wrong.headers["allow"]), /GET/);
});

test("health is answered without a token", async () => {
  const response = await server.inject({ url: "/healthz" });
  assert.equal(response.body, "ok");
  assert.equal(response.headers["content-type"], "text/plain; charset=utf-8");
});

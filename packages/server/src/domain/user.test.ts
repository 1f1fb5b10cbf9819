import assert from "node:assert/strict";
import { test } from "node:test";

import { FairleadError } from "./fairlead-error.ts";
import { formatUserJson, parseUser, parseUserJson } from "./user.ts";

/** What SFTPGo 2.7 sends to plugins for a user, shortened, with fields no version has yet. */
const SFTPGO_JSON =
  '{"id":1,"status":1,"username":"full","password":"$2a$10$abc","public_keys":["ssh-ed25519 AAAA full@golden"],' +
  '"has_password":true,"home_dir":"/homes/full","uid":1000,"gid":1001,"max_sessions":2,"quota_size":9223372036854775807,' +
  '"quota_files":7,"permissions":{"/":["*"],"/in":["upload"]},"expiration_date":1700000000000,"role":"staff",' +
  '"filters":{"allowed_ip":["10.0.0.0/8"],"denied_ip":[],"denied_login_methods":["password"],"denied_protocols":["FTP"],' +
  '"file_patterns":[{"path":"/","allowed_patterns":["*.txt"],"deny_policy":1}],"max_upload_file_size":100,' +
  '"start_directory":"/in","hooks":{"external_auth_disabled":false},"totp_config":{"enabled":true,"secret":{}},' +
  '"access_time":[{"day_of_week":1,"from":"08:00","to":"18:00"}],"future_filter":[1,2]},' +
  '"filesystem":{"provider":0,"osconfig":{},"s3config":{}},"future_field":{"deep":[{"n":1.5}]}}';

test("a document of SFTPGo is written again exactly as it was, unknown fields and int64 included", () => {
  assert.equal(formatUserJson(parseUserJson(SFTPGO_JSON)), SFTPGO_JSON);
});

test("the fields that are used are typed", () => {
  const { document: _document, ...user } = parseUserJson(SFTPGO_JSON);
  assert.deepEqual(user, {
    id: 1,
    username: "full",
    status: 1,
    email: "",
    description: "",
    homeDir: "/homes/full",
    uid: 1000,
    gid: 1001,
    permissions: { "/": ["*"], "/in": ["upload"] },
    publicKeys: ["ssh-ed25519 AAAA full@golden"],
    passwordHash: "$2a$10$abc",
    expirationDateMs: 1_700_000_000_000,
    maxSessions: 2,
    quotaSizeBytes: 9_223_372_036_854_775_807n,
    quotaFiles: 7,
    uploadDataTransferMb: 0,
    downloadDataTransferMb: 0,
    totalDataTransferMb: 0,
    role: "staff",
    filters: {
      allowedIp: ["10.0.0.0/8"],
      deniedIp: [],
      deniedLoginMethods: ["password"],
      deniedProtocols: ["FTP"],
      twoFactorProtocols: [],
      accessTimes: [{ dayOfWeek: 1, from: "08:00", to: "18:00" }],
      filePatterns: [{ path: "/", allowedPatterns: ["*.txt"], deniedPatterns: [], denyPolicy: 1 }],
      maxUploadFileSizeBytes: 100n,
      startDirectory: "/in",
      disableFsChecks: false,
      requirePasswordChange: false,
      passwordExpirationDays: 0,
      totpEnabled: true,
      externalAuthDisabled: false,
      externalAuthCacheTimeS: 0,
    },
    filesystemProvider: 0,
    virtualFolderCount: 0,
    groupCount: 0,
  });
});

test("what is absent or null is zero, and an absent status means disabled", () => {
  const user = parseUser({ username: "bare", permissions: null, filters: null, public_keys: null });
  assert.equal(user.status, 0);
  assert.deepEqual(user.permissions, {});
  assert.deepEqual(user.publicKeys, []);
  assert.equal(user.quotaSizeBytes, 0n);
});

test("any status but 1 means disabled", () => {
  assert.equal(parseUser({ username: "odd", status: 2 }).status, 0);
});

for (const [json, field] of [
  ['{"username":1}', "username"],
  ['{"permissions":[]}', "permissions"],
  ['{"permissions":{"/":"*"}}', "/"],
  ['{"max_sessions":1.5}', "max_sessions"],
  ['{"max_sessions":9223372036854775807}', "max_sessions"],
  ['{"filters":{"allowed_ip":"10.0.0.0/8"}}', "filters.allowed_ip"],
  ['{"filters":{"access_time":[{"day_of_week":"monday"}]}}', "filters.access_time[0].day_of_week"],
  ['{"filesystem":{"provider":"s3"}}', "filesystem.provider"],
] as const) {
  test(`${json} is refused, naming the field`, () => {
    assert.throws(
      () => parseUserJson(json),
      (error) => FairleadError.is(error, "ERR_INVALID_USER") && error.message.includes(`${field}"`),
    );
  });
}

for (const text of ["", "[]", "null", "{", '"user"']) {
  test(`${JSON.stringify(text)} is not a user`, () => {
    assert.throws(
      () => parseUserJson(text),
      (error) => FairleadError.is(error, "ERR_INVALID_USER"),
    );
  });
}

test("a wrong value is not quoted: it may be the password", () => {
  assert.throws(
    () => parseUser({ password: ["hunter2"] }),
    (error) => error instanceof Error && !error.message.includes("hunter2"),
  );
});

test("keys named like parts of a prototype are data", () => {
  const user = parseUserJson(
    '{"username":"x","__proto__":{"status":1},"permissions":{"__proto__":["*"],"/":["list"]}}',
  );
  assert.equal(user.status, 0);
  assert.deepEqual(Object.keys(user.permissions), ["__proto__", "/"]);
  assert.equal(Object.getPrototypeOf(user.permissions), Object.prototype);
});

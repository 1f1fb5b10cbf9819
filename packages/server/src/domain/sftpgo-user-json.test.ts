import assert from "node:assert/strict";
import { test } from "node:test";

import { parseJson } from "./json-document.ts";
import { formatSftpgoUserJson } from "./sftpgo-user-json.ts";

// What SFTPGo 2.7.99-dev answered for a user with nearly every field, but for the secrets: it shows them to plugins only.
const RECORDED =
  '{"id":1,"status":1,"username":"full","email":"a@b.cd","expiration_date":99999999999999,' +
  '"public_keys":["ssh-ed25519 AAAA root@vm"],"has_password":true,"home_dir":"/srv/full","uid":5,"gid":6,' +
  '"max_sessions":0,"quota_size":1000000000,"quota_files":10000,"permissions":{"/":["*"],"/a":["list","download"],' +
  '"/no":["download"],"/nod":["list"],"/z\\u003ca\\u003e":["list"]},"download_bandwidth":2,"upload_data_transfer":0,' +
  '"download_data_transfer":0,"total_data_transfer":0,"created_at":1795633221480,"updated_at":1795633221480,' +
  '"last_password_change":1795633221480,"description":"d \\u0026 \\u003cé\\u003e","additional_info":"ai",' +
  '"filters":{"denied_ip":["10.0.0.0/8"],"denied_login_methods":["TLSCertificate"],"denied_protocols":["FTP"],' +
  '"file_patterns":[{"path":"/","denied_patterns":["*.zip"],"deny_policy":1}],"max_upload_file_size":7000000000,' +
  '"tls_username":"CommonName","hooks":{"external_auth_disabled":false,"pre_login_disabled":false,' +
  '"check_password_disabled":false},"disable_fs_checks":true,"web_client":["mfa-disabled"],' +
  '"allow_api_key_auth":true,"user_type":"OSUser","bandwidth_limits":[{"sources":["10.0.0.0/8"],' +
  '"upload_bandwidth":5}],"start_directory":"/sd","ftp_security":1,"default_shares_expiration":2,' +
  '"max_shares_expiration":3,"password_strength":1,"additional_emails":["x@y.zz"],"totp_config":{"secret":{}}},' +
  '"filesystem":{"provider":0,"osconfig":{},"s3config":{"access_secret":{},"sse_customer_key":{}},' +
  '"gcsconfig":{"credentials":{}},"azblobconfig":{"account_key":{},"sas_url":{}},"cryptconfig":{"passphrase":{}},' +
  '"sftpconfig":{"password":{},"private_key":{},"key_passphrase":{}},"httpconfig":{"password":{},"api_key":{}}}}';

function format(json: string): string {
  return formatSftpgoUserJson(parseJson(json) as Record<string, unknown>);
}

test("a user's JSON is byte for byte SFTPGo's", () => {
  assert.equal(format(RECORDED), RECORDED);
});

test("the order of the document does not matter, nor do empty fields", () => {
  const { filters, permissions, ...rest } = parseJson(RECORDED) as Record<string, Record<string, unknown>>;
  const turned = Object.fromEntries(
    Object.entries({ ...rest, email: "a@b.cd", role: "", groups: [], used_quota_size: 0 }).toReversed(),
  );
  const document = {
    ...turned,
    permissions: Object.fromEntries(Object.entries(permissions ?? {}).toReversed()),
    filters: { allowed_ip: [], ...filters, is_anonymous: false },
  };
  assert.equal(formatSftpgoUserJson(document), RECORDED);
});

test("secrets are shown whole", () => {
  const passphrase = { mode: 1, additional_data: "full", key: "k", payload: "p", status: "Secretbox" };
  const json = formatSftpgoUserJson({ filesystem: { provider: 4, cryptconfig: { passphrase } } });
  assert.ok(
    json.includes(
      '"cryptconfig":{"passphrase":{"status":"Secretbox","payload":"p","key":"k","additional_data":"full","mode":1}}',
    ),
  );
});

test("fields SFTPGo does not have come last", () => {
  assert.match(format('{"new_field":[1],"id":3}'), /^\{"id":3,.*,"new_field":\[1\]\}$/);
});

test("64-bit numbers stay exact", () => {
  assert.match(format('{"quota_size":9007199254740993}'), /"quota_size":9007199254740993,/);
});

test("values of the wrong type go through", () => {
  assert.match(format('{"filters":[1],"permissions":"x","groups":{"a":1}}'), /"permissions":"x".*"filters":\[1\]/);
});

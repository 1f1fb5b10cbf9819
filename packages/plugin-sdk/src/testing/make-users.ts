import type { SftpgoUser } from "../auth/sftpgo-user.ts";

// 2026-01-01T00:00:00Z, in milliseconds: the same in every run.
const timestampMs = 1_767_225_600_000;

const emptyFilesystem = {
  provider: 0,
  osconfig: {},
  s3config: { access_secret: {}, sse_customer_key: {} },
  gcsconfig: { credentials: {} },
  azblobconfig: { account_key: {}, sas_url: {} },
  cryptconfig: { passphrase: {} },
  sftpconfig: { password: {}, private_key: {}, key_passphrase: {} },
  httpconfig: { password: {}, api_key: {} },
};

const noFilters = {
  hooks: { external_auth_disabled: false, pre_login_disabled: false, check_password_disabled: false },
  totp_config: { secret: {} },
};

/** The document that a server sends for a user it knows; without changes, `alice` with a password and all permissions. */
export function makeKnownUser(changes: SftpgoUser = {}): SftpgoUser {
  const username = changes.username ?? "alice";
  return {
    id: 1,
    status: 1,
    username,
    password: "$2a$10$abcdefghijklmnopqrstuuO1AO0lYAcCxTbkmkBzl9CJLKrhjmHvi",
    has_password: true,
    home_dir: `/srv/sftp/${username}`,
    uid: 0,
    gid: 0,
    max_sessions: 0,
    quota_size: 0,
    quota_files: 0,
    permissions: { "/": ["*"] },
    upload_data_transfer: 0,
    download_data_transfer: 0,
    total_data_transfer: 0,
    created_at: timestampMs,
    updated_at: timestampMs,
    last_password_change: timestampMs,
    filters: noFilters,
    filesystem: emptyFilesystem,
    ...changes,
  };
}

/** The document that a server sends for a user it does not know. */
export function makeUnknownUser(username = "alice"): SftpgoUser {
  return {
    id: 0,
    status: 0,
    username,
    home_dir: "",
    uid: 0,
    gid: 0,
    max_sessions: 0,
    quota_size: 0,
    quota_files: 0,
    permissions: null,
    upload_data_transfer: 0,
    download_data_transfer: 0,
    total_data_transfer: 0,
    created_at: 0,
    updated_at: 0,
    filters: noFilters,
    filesystem: emptyFilesystem,
  };
}

import type { SftpgoFilesystem } from "./sftpgo-filesystem.ts";

/** A 64-bit integer: a `bigint` where a number would lose digits. */
export type JsonInteger = number | bigint;

/**
 * A user as SFTPGo stores it, under SFTPGo's own names; what a key means is in SFTPGo's OpenAPI description of `User`.
 * Fields of newer servers are there too, untyped, and survive a copy (`{ ...user, status: 0 }`).
 */
export interface SftpgoUser {
  /** The server's; 0 or absent for a user it does not know. An answer cannot change it. */
  readonly id?: JsonInteger;
  /** 1 enabled, 0 or absent disabled. */
  readonly status?: number;
  readonly username?: string;
  readonly email?: string;
  /** In an answer in clear or as a hash; as it comes, the stored hash. */
  readonly password?: string;
  /** Lines of authorized_keys. */
  readonly public_keys?: readonly string[];
  readonly has_password?: boolean;
  /** Absolute; absent where the server derives it from `users_base_dir`. */
  readonly home_dir?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Milliseconds since the Unix epoch; 0 never. */
  readonly expiration_date?: JsonInteger;
  readonly description?: string;
  readonly additional_info?: string;
  /** Name of an existing role. */
  readonly role?: string;
  /** 0 unlimited, as all limits. */
  readonly max_sessions?: number;
  /** Bytes. */
  readonly quota_size?: JsonInteger;
  readonly quota_files?: number;
  /** Virtual path → what is allowed below it: `*`, `list`, `download`, `upload` … The path `/` is mandatory. */
  readonly permissions?: Readonly<Record<string, readonly string[]>> | null;
  /** KB/s, as `download_bandwidth`. */
  readonly upload_bandwidth?: JsonInteger;
  readonly download_bandwidth?: JsonInteger;
  /** MB, as the other two. */
  readonly upload_data_transfer?: JsonInteger;
  readonly download_data_transfer?: JsonInteger;
  readonly total_data_transfer?: JsonInteger;
  readonly groups?: readonly SftpgoGroupMapping[];
  readonly virtual_folders?: readonly SftpgoVirtualFolder[];
  readonly filters?: SftpgoUserFilters;
  readonly filesystem?: SftpgoFilesystem;

  /** Bytes; the server's, as all that follow: an answer cannot change them. */
  readonly used_quota_size?: JsonInteger;
  readonly used_quota_files?: number;
  /** Bytes. */
  readonly used_upload_data_transfer?: JsonInteger;
  readonly used_download_data_transfer?: JsonInteger;
  /** Milliseconds since the Unix epoch, as the other times. */
  readonly last_quota_update?: JsonInteger;
  readonly last_login?: JsonInteger;
  readonly first_download?: JsonInteger;
  readonly first_upload?: JsonInteger;
  readonly last_password_change?: JsonInteger;
  readonly created_at?: JsonInteger;
  readonly updated_at?: JsonInteger;
}

/** A group that a user is in. */
export interface SftpgoGroupMapping {
  /** Of an existing group. */
  readonly name: string;
  /** 1 primary, 2 secondary, 3 membership only. */
  readonly type: number;
}

/** An existing folder that a user sees under a path of their own. */
export interface SftpgoVirtualFolder {
  /** Of an existing folder. */
  readonly name: string;
  readonly virtual_path: string;
  /** Bytes; -1 counts in the user's quota, 0 unlimited. */
  readonly quota_size?: JsonInteger;
  readonly quota_files?: number;
  /** The part of the folder that the user sees. */
  readonly subpath?: string;
  readonly mapped_path?: string;
  readonly description?: string;
  readonly filesystem?: SftpgoFilesystem;
}

/** Further restrictions and options of a user. */
export interface SftpgoUserFilters {
  /** CIDR, as `denied_ip`. */
  readonly allowed_ip?: readonly string[];
  readonly denied_ip?: readonly string[];
  /** `publickey`, `password`, `password-over-SSH`, `keyboard-interactive`, `TLSCertificate`, `publickey+password` … */
  readonly denied_login_methods?: readonly string[];
  /** `SSH`, `FTP`, `DAV`, `HTTP`, as `two_factor_protocols`. */
  readonly denied_protocols?: readonly string[];
  readonly two_factor_protocols?: readonly string[];
  readonly access_time?: readonly SftpgoTimePeriod[];
  readonly file_patterns?: readonly SftpgoPatternsFilter[];
  /** Bytes. */
  readonly max_upload_file_size?: JsonInteger;
  readonly bandwidth_limits?: readonly SftpgoBandwidthLimit[];
  readonly start_directory?: string;
  readonly disable_fs_checks?: boolean;
  /** `None` or `CommonName`. */
  readonly tls_username?: string;
  /** PEM. */
  readonly tls_certs?: readonly string[];
  /** 1 requires TLS. */
  readonly ftp_security?: number;
  readonly is_anonymous?: boolean;
  readonly hooks?: SftpgoHooksFilter;
  /** For how many seconds after a login the plugin is not asked again. */
  readonly external_auth_cache_time?: JsonInteger;
  /** `LDAPUser` or `OSUser`: a hint for auth plugins, the server does not read it. */
  readonly user_type?: string;
  /** What the web client and the user's REST API may not do: `write-disabled`, `mfa-disabled` … */
  readonly web_client?: readonly string[];
  readonly allow_api_key_auth?: boolean;
  readonly require_password_change?: boolean;
  readonly additional_emails?: readonly string[];
  /** Days, as the two of shares. */
  readonly password_expiration?: number;
  readonly default_shares_expiration?: number;
  readonly max_shares_expiration?: number;
  readonly password_strength?: number;
  /** The server's, as `recovery_codes`: an answer cannot change them. */
  readonly totp_config?: SftpgoTotpConfig;
  readonly recovery_codes?: readonly SftpgoRecoveryCode[];
}

/** When a user may log in. */
export interface SftpgoTimePeriod {
  /** 0 Sunday to 6 Saturday. */
  readonly day_of_week?: number;
  /** `HH:MM`, as `to`. */
  readonly from?: string;
  readonly to?: string;
}

/** Which files a user may touch below a path. */
export interface SftpgoPatternsFilter {
  readonly path: string;
  /** Shell patterns, as `denied_patterns`. */
  readonly allowed_patterns?: readonly string[];
  readonly denied_patterns?: readonly string[];
  /** 0 shows denied files in lists, 1 hides them. */
  readonly deny_policy?: number;
}

/** How fast clients of some networks may be. */
export interface SftpgoBandwidthLimit {
  /** CIDR. */
  readonly sources: readonly string[];
  /** KB/s, as `download_bandwidth`. */
  readonly upload_bandwidth?: JsonInteger;
  readonly download_bandwidth?: JsonInteger;
}

/** Which hooks leave a user alone. */
export interface SftpgoHooksFilter {
  /** True: auth plugins are not asked about this user. */
  readonly external_auth_disabled?: boolean;
  readonly pre_login_disabled?: boolean;
  readonly check_password_disabled?: boolean;
}

/** One-time passwords as second factor. */
export interface SftpgoTotpConfig {
  readonly enabled?: boolean;
  readonly config_name?: string;
  readonly secret?: SftpgoSecret;
  readonly protocols?: readonly string[];
}

/** A code for who has lost the second factor. */
export interface SftpgoRecoveryCode {
  readonly secret?: SftpgoSecret;
  readonly used?: boolean;
}

/** A secret as SFTPGo stores it. In an answer, `{ status: "Plain", payload }` lets the server encrypt it. */
export interface SftpgoSecret {
  /** `Plain`, `AES-256-GCM`, `Secretbox`, `AWS`, `GCP`, `VaultTransit`, `AzureKeyVault` … */
  readonly status?: string;
  readonly payload?: string;
  readonly key?: string;
  readonly additional_data?: string;
  /** 1 when a master key took part. */
  readonly mode?: number;
}

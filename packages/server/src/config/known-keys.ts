import { nearestName } from "../domain/nearest-name.ts";

/**
 * SFTPGo's keys and ours in the sections that are read here, so that a misspelt one can be told from one we do not
 * have. A group of keys is written `name(key key …)`; entries of a list have no index.
 */
const KEYS: Readonly<Record<string, string>> = {
  common:
    "idle_timeout upload_mode actions(execute_on execute_sync hook) setstat_mode rename_mode resume_max_size temp_path " +
    "proxy_protocol proxy_allowed proxy_skipped startup_hook post_connect_hook post_disconnect_hook data_retention_hook " +
    "max_total_connections max_per_host_connections allowlist_status allow_self_connections " +
    "defender(enabled driver ban_time ban_time_increment threshold score_invalid score_valid score_limit_exceeded " +
    "score_no_auth observation_time entries_soft_limit entries_hard_limit login_delay(success password_failed)) " +
    "rate_limiters(average period burst type protocols generate_defender_events entries_soft_limit entries_hard_limit) " +
    "umask server_version tz metadata(read) event_manager(enabled_commands) symlink_mode secret_min_entropy",
  sftpd:
    "bindings(port address apply_proxy_config) max_auth_tries host_keys host_certificates host_key_algorithms moduli " +
    "kex_algorithms min_dh_group_exchange_key_size ciphers macs public_key_algorithms trusted_user_ca_keys " +
    "revoked_user_certs_file opkssh_path opkssh_checksum login_banner_file enabled_ssh_commands " +
    "keyboard_interactive_authentication keyboard_interactive_auth_hook password_authentication folder_prefix",
  data_provider:
    "driver name host port username password password_file sslmode disable_sni target_session_attrs root_cert " +
    "client_cert client_key connection_string sql_tables_prefix track_quota delayed_quota_update pool_size " +
    "users_base_dir actions(execute_on execute_for hook) external_auth_hook external_auth_scope pre_login_hook " +
    "post_login_hook post_login_scope check_password_hook check_password_scope " +
    "password_hashing(bcrypt_options(cost) argon2_options(memory iterations parallelism) algo) " +
    "password_validation(admins(min_entropy) users(min_entropy)) password_caching update_mode create_default_admin " +
    "naming_rules is_shared node(host port proto) backups_path",
  kms: "secrets(url master_key master_key_path)",
  mfa: "totp(name issuer algo)",
  httpd:
    "bindings(port address enable_web_admin enable_web_client enable_rest_api enabled_login_methods disabled_login_methods " +
    "enable_https certificate_file certificate_key_file min_tls_version client_auth_type tls_cipher_suites tls_protocols " +
    "proxy_mode proxy_allowed client_ip_proxy_header client_ip_header_depth hide_login_url render_openapi base_url " +
    "languages oidc security branding) templates_path static_files_path openapi_path web_root certificate_file " +
    "certificate_key_file ca_certificates ca_revocation_lists signing_passphrase signing_passphrase_file token_validation " +
    "cookie_lifetime share_cookie_lifetime jwt_lifetime max_upload_file_size cors setup hide_support_link",
  telemetry:
    "bind_port bind_address enable_profiler auth_user_file certificate_file certificate_key_file min_tls_version " +
    "tls_cipher_suites tls_protocols",
  fairlead:
    "data_dir login_grace_time keepalive_interval max_unauthenticated_connections max_unauthenticated_per_host " +
    "max_channels max_concurrent_hashes event_drain_time delivery " +
    "journal(file max_size_mb max_age_hours when_full when_failing) plugin_start_timeout free_ports",
};

/** Every section SFTPGo's stock file has, and ours. */
export const KNOWN_SECTIONS: readonly string[] =
  "common acme sftpd ftpd webdavd data_provider httpd telemetry http command kms mfa smtp plugins fairlead".split(" ");

/** Sections whose keys are known; what the other ones hold is not judged. */
export const JUDGED_SECTIONS: readonly string[] = Object.keys(KEYS);

/** Dotted name of a group (a section, or a key that has keys below it) → the names in it. */
const GROUPS: ReadonlyMap<string, ReadonlySet<string>> = readGroups();

/** Whether there is a key of this name; list positions do not count. Keys of sections that are not judged all are. */
export function isKnownKey(path: readonly string[]): boolean {
  const names = namesOf(path);
  return names.every((name, depth) => depth === 0 || (groupAt(names.slice(0, depth))?.has(name) ?? true));
}

/** What may have been meant by a key or section that is unknown, as `; did you mean "x"?`. */
export function suggestKey(path: readonly string[]): string {
  const names = namesOf(path);
  const siblings = names.length === 1 ? KNOWN_SECTIONS : (groupAt(names.slice(0, -1)) ?? []);
  const nearest = nearestName(names.at(-1) ?? "", siblings);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/** The name of a section that can only be meant as `plugins`: without them nobody decides about logins and addresses. */
export function findMisspeltPlugins(raw: unknown): string | undefined {
  const names = typeof raw === "object" && raw !== null ? Object.keys(raw) : [];
  return names.find((name) => !KNOWN_SECTIONS.includes(name) && nearestName(name, KNOWN_SECTIONS) === "plugins");
}

function namesOf(path: readonly string[]): readonly string[] {
  return path.filter((step) => !/^\d+$/.test(step));
}

function groupAt(names: readonly string[]): ReadonlySet<string> | undefined {
  return GROUPS.get(names.join("."));
}

function readGroups(): ReadonlyMap<string, ReadonlySet<string>> {
  const groups = new Map<string, Set<string>>();
  for (const [section, text] of Object.entries(KEYS)) {
    const open = [section];
    for (const [, name = "", mark] of text.matchAll(/([a-z0-9_]+)?([()])?/g)) {
      const group = open.join(".");
      if (name !== "") {
        groups.set(group, (groups.get(group) ?? new Set()).add(name));
      }
      if (mark === "(") {
        open.push(name);
      } else if (mark === ")") {
        open.pop();
      }
    }
  }
  return groups;
}

/** First-level keys of SFTPGo's sections, so that a misspelt one can be told from one we do not have. */
export const KNOWN_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  common: keys(
    "idle_timeout upload_mode actions setstat_mode rename_mode resume_max_size temp_path proxy_protocol proxy_allowed " +
      "proxy_skipped startup_hook post_connect_hook post_disconnect_hook data_retention_hook max_total_connections " +
      "max_per_host_connections allowlist_status allow_self_connections defender rate_limiters umask server_version tz " +
      "metadata event_manager symlink_mode secret_min_entropy",
  ),
  sftpd: keys(
    "bindings max_auth_tries host_keys host_certificates host_key_algorithms moduli kex_algorithms min_dh_group_exchange_key_size " +
      "ciphers macs public_key_algorithms trusted_user_ca_keys revoked_user_certs_file opkssh_path opkssh_checksum " +
      "login_banner_file enabled_ssh_commands keyboard_interactive_authentication keyboard_interactive_auth_hook " +
      "password_authentication folder_prefix",
  ),
  data_provider: keys(
    "driver name host port username password password_file sslmode disable_sni target_session_attrs root_cert client_cert client_key " +
      "connection_string sql_tables_prefix track_quota delayed_quota_update pool_size users_base_dir actions " +
      "external_auth_hook external_auth_scope pre_login_hook post_login_hook post_login_scope check_password_hook " +
      "check_password_scope password_hashing password_validation password_caching update_mode create_default_admin " +
      "naming_rules is_shared node backups_path",
  ),
  fairlead: keys(
    "data_dir login_grace_time keepalive_interval max_unauthenticated_connections max_unauthenticated_per_host " +
      "max_channels max_concurrent_hashes event_drain_time plugin_start_timeout free_ports",
  ),
};

/** Every section SFTPGo's stock file has, and ours. */
export const KNOWN_SECTIONS: ReadonlySet<string> = keys(
  "common acme sftpd ftpd webdavd data_provider httpd telemetry http command kms mfa smtp plugins fairlead",
);

function keys(names: string): ReadonlySet<string> {
  return new Set(names.split(" "));
}

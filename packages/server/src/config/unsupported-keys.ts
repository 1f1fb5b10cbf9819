import { isNeutral, valueAt } from "./raw-config.ts";

/**
 * SFTPGo's keys that do something there and nothing here. `refuse`: leaving it out would open what the
 * administrator closed or change what happens to data. `warn`: something useful is missing.
 */
interface UnsupportedKey {
  readonly path: string;
  readonly consequence: "refuse" | "warn";
  /** Values that ask for nothing beside the empty ones. */
  readonly harmless?: readonly unknown[];
}

const refuse = (path: string, harmless: readonly unknown[] = []): UnsupportedKey => ({
  path,
  consequence: "refuse",
  harmless,
});
const warn = (path: string, harmless: readonly unknown[] = []): UnsupportedKey => ({
  path,
  consequence: "warn",
  harmless,
});

export const UNSUPPORTED_KEYS: readonly UnsupportedKey[] = [
  refuse("common.actions.hook"),
  refuse("common.rename_mode"),
  refuse("common.resume_max_size"),
  refuse("common.temp_path"),
  refuse("common.umask"),
  refuse("common.tz"),
  refuse("common.proxy_protocol"),
  refuse("common.post_connect_hook"),
  refuse("common.allowlist_status"),
  refuse("common.defender.enabled", ["false"]),
  refuse("common.rate_limiters", []),
  warn("common.defender.login_delay.success"),
  warn("common.startup_hook"),
  warn("common.post_disconnect_hook"),
  warn("common.data_retention_hook"),
  warn("common.server_version"),
  refuse("sftpd.trusted_user_ca_keys"),
  refuse("sftpd.revoked_user_certs_file"),
  refuse("sftpd.keyboard_interactive_auth_hook"),
  warn("sftpd.host_certificates"),
  warn("sftpd.opkssh_path"),
  warn("sftpd.folder_prefix"),
  refuse("data_provider.connection_string"),
  refuse("data_provider.external_auth_hook"),
  refuse("data_provider.pre_login_hook"),
  refuse("data_provider.check_password_hook"),
  refuse("data_provider.password_validation.users.min_entropy"),
  refuse("data_provider.is_shared"),
  refuse("data_provider.actions.hook"),
  warn("data_provider.post_login_hook"),
  warn("data_provider.track_quota", [2, "2"]),
  warn("data_provider.update_mode"),
  warn("data_provider.sql_tables_prefix"),
  warn("data_provider.create_default_admin", ["false"]),
  warn("acme.domains"),
  warn("smtp.host"),
  refuse("httpd.signing_passphrase_file"),
  warn("httpd.token_validation"),
  warn("httpd.cors.enabled"),
  warn("httpd.web_root"),
  refuse("telemetry.auth_user_file"),
  refuse("telemetry.certificate_file"),
  warn("telemetry.enable_profiler"),
];

/** Whole servers of SFTPGo that are not here; a binding with a port asks for one. */
export const UNSUPPORTED_SERVERS: readonly string[] = ["ftpd", "webdavd"];

export interface UnsupportedUse {
  readonly path: string;
  readonly value: unknown;
}

/** The keys of one consequence that are set to something. */
export function findUnsupported(raw: unknown, consequence: "refuse" | "warn"): readonly UnsupportedUse[] {
  const used = UNSUPPORTED_KEYS.filter((key) => key.consequence === consequence).flatMap((key) => {
    const value = valueAt(raw, key.path.split("."));
    const isHarmless = isNeutral(asksFor(key.path, value)) || (key.harmless ?? []).some((one) => isSame(one, value));
    return isHarmless ? [] : [{ path: key.path, value }];
  });
  return consequence === "refuse" ? used : [...used, ...findServers(raw)];
}

function findServers(raw: unknown): readonly UnsupportedUse[] {
  return UNSUPPORTED_SERVERS.flatMap((section) => {
    const bindings = valueAt(raw, [section, "bindings"]);
    const ports = Array.isArray(bindings) ? bindings.map((one) => valueAt(one, ["port"])) : [];
    return isNeutral(ports) ? [] : [{ path: `${section}.bindings`, value: ports }];
  });
}

// A rate limiter with average 0 is switched off, whatever else its entry says.
function asksFor(path: string, value: unknown): unknown {
  return path === "common.rate_limiters" && Array.isArray(value)
    ? value.map((entry) => valueAt(entry, ["average"]))
    : value;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

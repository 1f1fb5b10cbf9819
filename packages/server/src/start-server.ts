import { readFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { Writable } from "node:stream";

import type { Logger } from "@fairlead/go-plugin";
import { type JournalOptions, type PluginManager, type ReloadReport, startPluginManager } from "@fairlead/plugin-host";

import { type Config, loadConfig } from "./config/load-config.ts";
import { readKmsSettings } from "./config/read-kms-settings.ts";
import { FairleadError } from "./domain/fairlead-error.ts";
import { createDiskQuotaLedger } from "./files/disk-quota-ledger.ts";
import { openUserFileSystem } from "./files/user-file-system.ts";
import { AuthPlugins } from "./login/auth-plugins.ts";
import { createAuthenticator } from "./login/authenticator.ts";
import { createSecondFactor } from "./login/second-factor.ts";
import { openUserAdmin } from "./open-user-admin.ts";
import { reloadPlugins } from "./reload-plugins.ts";
import { createSessionRegistry } from "./login/session-registry.ts";
import { type HttpServers, startHttpServers } from "./http/start-http-servers.ts";
import type { UserAdmin } from "./login/user-admin.ts";
import { LateKmsPlugins } from "./secrets/kms-plugins.ts";
import { createSecretStore, requireKmsProvider } from "./secrets/secret-store.ts";
import { loadHostKeys } from "./ssh/host-keys.ts";
import { enabledCommands } from "./ssh/ssh-command.ts";
import { isExposed } from "./store/private-file.ts";
import { lockForServer } from "./store/server-lock.ts";
import { type Binding, type SshServer, type SshServerOptions, startSshServer } from "./ssh/ssh-server.ts";
import { weighBuffersWithHeap } from "./transfer-memory.ts";

/** What a server needs. */
export interface StartServerOptions {
  /** What {@link loadConfig} has read. */
  readonly config: Config;
  /** Reads the configuration again, for `reload()`. Default: the same file, and variables as they were. */
  readonly readConfig?: () => Config;
  /** Receives the server's events; {@link createLogger} makes one. */
  readonly logger: Logger;
  /** Where what plugins print goes, as it is. Default: the log, one line `plugin output` each. */
  readonly stdio?: { readonly stdout?: Writable; readonly stderr?: Writable };
  /** Aborted: a start that waits for a plugin is given up. */
  readonly signal?: AbortSignal;
}

/** How much time a server takes to end. */
export interface StopOptions {
  /** How long clients may go on working. Default 0. */
  readonly graceMs?: number;
  /** Aborted: the grace is over. */
  readonly signal?: AbortSignal;
}

/** A running server. */
export interface FairleadServer extends AsyncDisposable {
  /** What it listens on, with the ports that were really opened. */
  readonly addresses: readonly Binding[];
  /** What it listens on by HTTP: the REST API, and the metrics. */
  readonly http: Pick<HttpServers, "addresses" | "telemetryAddress">;
  readonly users: UserAdmin;
  readonly plugins: PluginManager;
  /** SSH connections open now. */
  readonly connectionCount: number;
  /**
   * Reads the configuration again and makes the running plugins those of its `plugins` section; no event, login or
   * decryption fails because of it. What else has changed takes a restart, and the log says so. Rejects with what
   * {@link loadConfig} throws when the configuration cannot be used, and then changes nothing.
   */
  reload(): Promise<ReloadReport>;
  /**
   * Ends in the order that loses no event: no new connections, sessions end and put their files away,
   * plugins get what was accepted and stop, the store closes. Idempotent; never rejects.
   */
  stop(options?: StopOptions): Promise<void>;
}

/**
 * Starts store, plugins and SSH, in this order. When a step fails, what was started is stopped again and
 * the step's error is thrown (`FairleadError`, `PluginHostError` or `PluginError`).
 */
export async function startServer(options: StartServerOptions): Promise<FairleadServer> {
  const { config, logger } = options;
  logger.log("info", "configuration", { file: config.file ?? "none", dataDir: config.dataDir });
  for (const warning of config.warnings) {
    logger.log("warn", "configuration", { file: config.file, warning });
  }
  weighBuffersWithHeap();
  await using started = new AsyncDisposableStack();
  const kmsSettings = readKmsSettings(config);
  const kms = new LateKmsPlugins();
  const secrets = createSecretStore(kmsSettings, kms);
  const { store, users, admins, hasher, rules } = openUserAdmin(config, secrets);
  started.defer(async () => {
    await store.close();
  });
  started.use(lockForServer(store.file));
  if (store.isExposed) {
    logger.log("warn", "database can be read by others, set its mode to 0600", { file: store.file });
  }
  const masterKeyFile = config.kms.secrets.master_key_path;
  if (masterKeyFile !== "" && isExposed(masterKeyFile)) {
    logger.log("warn", "master key can be read by others, set its mode to 0600", { file: masterKeyFile });
  }
  const settings = sshSettings(config);
  const hostKeys = await loadServerHostKeys(config, logger);
  const plugins = await startPluginManager({
    plugins: config.plugins,
    env: config.env,
    logger,
    journal: journalOptions(config),
    ...(options.stdio === undefined ? {} : { stdio: options.stdio }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  kms.use(plugins.kms);
  started.defer(async () => {
    await plugins.stop({ drainMs: config.fairlead.event_drain_time * 1000 });
  });
  requireKmsProvider(kmsSettings, kms);
  const authenticator = createAuthenticator({
    users: store,
    hasher,
    sessions: createSessionRegistry(),
    namingRules: config.dataProvider.naming_rules,
    plugins: new AuthPlugins({ checks: plugins.auth, users: store, hasher, rules, secrets, clock: Date.now }),
    secondFactor: createSecondFactor({
      secrets,
      kinds: config.mfa.totp,
      onTooMany: (username) => {
        logger.log("warn", "too many wrong authentication codes", { username });
      },
    }),
    onRecordFailure: (error) => {
      logger.log("error", "last login not recorded", { error });
    },
  });
  const quotas = createDiskQuotaLedger();
  let ssh: SshServer | undefined;
  const http = started.use(
    await startHttpServers({ config, plugins, admins, logger, connectionCount: () => ssh?.connectionCount ?? 0 }),
  );
  ssh = await startSshServer({
    ...settings,
    hostKeys,
    authenticator,
    ipFilter: plugins.ipFilter,
    events: plugins.notifiers,
    logger,
    openFileSystem: async (session) =>
      await openUserFileSystem({
        session,
        events: plugins.notifiers,
        gate: plugins.gates,
        activity: store,
        quotas,
        uploadMode: config.common.upload_mode,
        setstatMode: config.common.setstat_mode,
        symlinkMode: config.common.symlink_mode,
      }),
  });
  logger.log("info", "listening", { addresses: ssh.addresses });
  const readConfig = options.readConfig ?? (() => readSameConfig(config));
  const reload = (): Promise<ReloadReport> => reloadPlugins({ started: config, read: readConfig, plugins, logger });
  return new RunningServer({ ssh, http, users, plugins, reload, rest: started.move() });
}

function readSameConfig({ configDir, file, env }: Config): Config {
  return loadConfig({ configDir, env, ...(file === undefined ? {} : { configFile: file }) });
}

function journalOptions({ dataDir, fairlead: { journal } }: Config): JournalOptions {
  return {
    file: resolve(dataDir, journal.file),
    maxBytes: journal.max_size_mb * BYTES_PER_MB,
    maxAgeMs: journal.max_age_hours * MS_PER_HOUR,
    whenFull: journal.when_full,
    whenFailing: journal.when_failing,
  };
}

const BYTES_PER_MB = 1024 * 1024;
const MS_PER_HOUR = 3_600_000;

/** What is left of the start. */
interface ServerParts {
  readonly ssh: SshServer;
  readonly http: HttpServers;
  readonly users: UserAdmin;
  readonly plugins: PluginManager;
  readonly reload: () => Promise<ReloadReport>;
  readonly rest: AsyncDisposableStack;
}

class RunningServer implements FairleadServer {
  readonly users: UserAdmin;
  readonly plugins: PluginManager;
  readonly addresses: readonly Binding[];
  readonly http: Pick<HttpServers, "addresses" | "telemetryAddress">;
  readonly #ssh: SshServer;
  readonly #reload: () => Promise<ReloadReport>;
  readonly #rest: AsyncDisposableStack;
  #stopping: Promise<void> | undefined;

  constructor({ ssh, http, users, plugins, reload, rest }: ServerParts) {
    this.users = users;
    this.plugins = plugins;
    this.addresses = ssh.addresses;
    this.http = http;
    this.#ssh = ssh;
    this.#reload = reload;
    this.#rest = rest;
  }

  get connectionCount(): number {
    return this.#ssh.connectionCount;
  }

  async reload(): Promise<ReloadReport> {
    return await this.#reload();
  }

  async stop(options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.#stop(options);
    await this.#stopping;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(options: StopOptions): Promise<void> {
    await this.#ssh.close(options);
    await this.#rest.disposeAsync();
  }
}

function sshSettings(
  config: Config,
): Omit<SshServerOptions, "authenticator" | "events" | "hostKeys" | "logger" | "openFileSystem"> {
  const { common, sftpd, fairlead } = config;
  return {
    bindings: activeBindings(config),
    algorithms: config.algorithms,
    banner: readBanner(config),
    idleTimeoutMs: common.idle_timeout * 60_000,
    keepaliveIntervalMs: fairlead.keepalive_interval * 1000,
    loginGraceMs: fairlead.login_grace_time * 1000,
    maxChannels: fairlead.max_channels,
    commands: enabledCommands(sftpd.enabled_ssh_commands),
    limits: {
      total: common.max_total_connections,
      perHost: common.max_per_host_connections,
      unauthenticated: fairlead.max_unauthenticated_connections,
      unauthenticatedPerHost: fairlead.max_unauthenticated_per_host,
    },
    loginPolicy: {
      maxTries: sftpd.max_auth_tries === 0 ? DEFAULT_MAX_AUTH_TRIES : sftpd.max_auth_tries,
      passwordAuthentication: sftpd.password_authentication,
      keyboardInteractive: sftpd.keyboard_interactive_authentication,
      publicKeyAlgorithms: config.algorithms.publicKeys,
      failureDelayMs: common.defender.login_delay.password_failed,
    },
  };
}

/** Port 0 switches a binding off, as in SFTPGo. */
function activeBindings({ sftpd, fairlead, file }: Config): readonly Binding[] {
  const bindings = sftpd.bindings.filter(({ port }) => port > 0 || fairlead.free_ports);
  if (bindings.length === 0) {
    throw new FairleadError(
      "ERR_CONFIG_VALUE",
      `${file ?? "configuration"}: sftpd.bindings has no port to listen on; give one of them a port`,
      { details: { file, key: "sftpd.bindings" } },
    );
  }
  return bindings;
}

/** What SFTPGo's 0 means. */
const DEFAULT_MAX_AUTH_TRIES = 6;

async function loadServerHostKeys(config: Config, logger: Logger): Promise<readonly string[]> {
  const keys = await loadHostKeys({
    files: config.sftpd.host_keys,
    configDir: config.configDir,
    dataDir: config.dataDir,
    onMake: (file) => {
      // An RSA key takes seconds on a slow machine.
      logger.log("info", "making host key", { file });
    },
  });
  for (const key of keys) {
    const facts = { file: key.file, algorithm: key.algorithm, fingerprint: key.fingerprint };
    logger.log("info", key.isNew ? "host key made" : "host key loaded", facts);
    if (key.isExposed) {
      logger.log("warn", "host key can be read by others, set its mode to 0600", { file: key.file });
    }
  }
  return keys.map((key) => key.privateKey);
}

function readBanner({ sftpd, configDir }: Config): string {
  const name = sftpd.login_banner_file;
  if (name === "") {
    return "";
  }
  const file = isAbsolute(name) ? name : join(configDir, name);
  try {
    return readFileSync(file, "utf8").replace(/\r?\n/g, "\r\n");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError("ERR_CONFIG_VALUE", `cannot read sftpd.login_banner_file ${file}: ${reason}`, {
      details: { file },
      cause,
    });
  }
}

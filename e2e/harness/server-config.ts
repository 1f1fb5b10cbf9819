import type { Sandbox } from "./sandbox.ts";
import { freePort } from "./free-port.ts";

/** A section of SFTPGo's configuration, as JSON. */
export type Section = Readonly<Record<string, unknown>>;

export interface ServerOptions {
  /** The `plugins` section. Default: none. */
  readonly plugins?: readonly Section[];
  /** More sections; a key of theirs wins over the one made here. */
  readonly sections?: Readonly<Record<string, Section>>;
  /** More environment of the server, which hands on to plugins only what their entry names. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ServerConfig {
  readonly file: string;
  readonly port: number;
}

/** Writes the configuration an operator would: one loopback port, SQLite and host keys in the sandbox's data folder. */
export async function writeConfig(sandbox: Sandbox, options: ServerOptions = {}): Promise<ServerConfig> {
  const port = await freePort();
  const { plugins = [], sections = {} } = options;
  const config = {
    ...sections,
    sftpd: { bindings: [{ port, address: "127.0.0.1" }], host_keys: ["id_ed25519"], ...sections["sftpd"] },
    data_provider: {
      driver: "sqlite",
      name: sandbox.path("data", "fairlead.db"),
      // The cheapest hash there is: passwords are not what is tried here.
      password_hashing: { bcrypt_options: { cost: 4 } },
      ...sections["data_provider"],
    },
    plugins,
  };
  return { file: await sandbox.write("data/fairlead.json", JSON.stringify(config, undefined, 2)), port };
}

/** Every file action there is; what an entry without `notifier_options` of its own is told. */
export const everyFsEvent: readonly string[] =
  "pre-upload upload first-upload pre-download download first-download pre-delete delete rename mkdir rmdir".split(" ");

/** An entry of the `plugins` section for a notifier that is told everything. */
export function notifierEntry(cmd: string, more: Section = {}): Section {
  const { notifier_options: options, ...rest } = more;
  return {
    type: "notifier",
    cmd,
    env_vars: ["TMPDIR", "PATH"],
    ...rest,
    notifier_options: { fs_events: everyFsEvent, log_events: [1, 2, 3, 4, 5], ...(options as Section | undefined) },
  };
}

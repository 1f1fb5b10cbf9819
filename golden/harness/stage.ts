import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { loadConfig } from "fairlead";
import { freePort } from "../../e2e/harness/free-port.ts";
import { OpenSsh } from "../../e2e/harness/openssh.ts";
import { type Owner, Sandbox } from "../../e2e/harness/sandbox.ts";
import { TestServer } from "../../e2e/harness/server.ts";
import { type Section, type ServerConfig, writeConfig } from "../../e2e/harness/server-config.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { openUserAdmin } from "../../packages/server/src/open-user-admin.ts";
import type { Behaviours } from "../probe/behaviour.ts";
import { bundleProbe } from "./bundle-probe.ts";
import { runCurl } from "./clients.ts";
import { ProbeLog } from "./probe-log.ts";

/** SFTPGo's user JSON; `home_dir` and the key are filled in. */
export interface GoldenUser {
  readonly username: string;
  readonly password?: string;
  /** Name of the key pair. Default: the user's name. None when "". */
  readonly key?: string;
  readonly permissions?: Readonly<Record<string, readonly string[]>>;
  readonly [field: string]: unknown;
}

export interface StageOptions {
  readonly users?: readonly GoldenUser[];
  /** Over the base configuration of the recordings. */
  readonly sections?: Readonly<Record<string, Section>>;
  /** More entries of `plugins`; `cmd` is the name of a probe. Default: only the notifier with every event. */
  readonly plugins?: readonly Section[];
  /** False: no notifier of the base configuration. */
  readonly notifier?: boolean | Section;
  /** Administrators of the REST API, which then listens; the password of `x` is `xpw`. */
  readonly admins?: readonly (Readonly<Record<string, unknown>> & { readonly username: string })[];
  /** More words of the recordings: real text → word. */
  readonly words?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** More environment of the server, of what is known only once the stage is there. */
  readonly envOf?: (stage: Stage) => Readonly<Record<string, string>>;
  /** More executables of the probe, beside those that entries name: `probe-kms`, `$SCRIPTS/other.bin`. */
  readonly probes?: readonly string[];
  /** More arguments of every probe. */
  readonly moreArgs?: readonly string[];
  /** What the probes answer, until something else is asked for. */
  readonly behaviours?: Behaviours;
}

/** Where a file of so many bytes, or a folder, shall be. */
export type FileTree = Readonly<Record<string, number | "dir">>;

const KEY_NAMES: readonly string[] = ["full", "ro", "quota", "multi", "auth1", "auth2", "bad"];

const EVERY_FS_EVENT: readonly string[] = (
  "pre-upload upload first-upload pre-download download first-download pre-delete delete " +
  "rename mkdir rmdir copy ssh_cmd"
).split(" ");

const EVERY_OBJECT: readonly string[] =
  "user folder group admin api_key share event_rule event_action role ip_list_entry".split(" ");

/** Checksums that the recordings have of `$WORK/big`, whose bytes are not known; ours stand in their place. */
const RECORDED_BIG = {
  md5: "7e44b9333c83f0f963600aa173109027",
  sha1: "ba85b0bc8217616bd7f2aef6a9501f1235169fb9",
  sha256: "1ab724a0277fa9c1cbe8631cf48761da16841d198ee0bcd67b71cf8ea9b04db7",
} as const;

/** The bytes of every file of a situation: so long a part of the same text. */
export function contentOf(sizeBytes: number): Buffer {
  return Buffer.alloc(sizeBytes, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

export const BIG_BYTES = 4_194_304;

/** A running server with probes, users and files, as the recordings had them. */
export class Stage {
  readonly sandbox: Sandbox;
  readonly openSsh: OpenSsh;
  readonly probes: ProbeLog;
  readonly config: ServerConfig;
  readonly words: ReadonlyMap<string, string>;
  /** Of the REST API, where there is one. */
  readonly httpPort: number;
  readonly #tokens = new Map<string, string>();
  #env: Readonly<Record<string, string>>;
  #server: TestServer | undefined;

  private constructor(sandbox: Sandbox, config: ServerConfig, words: ReadonlyMap<string, string>, httpPort: number) {
    this.sandbox = sandbox;
    this.openSsh = new OpenSsh(sandbox);
    this.probes = new ProbeLog(sandbox.path("probe.jsonl"));
    this.config = config;
    this.words = words;
    this.httpPort = httpPort;
    this.#env = {};
  }

  /** Everything but the server, which {@link start} starts. */
  static async prepare(owner: Owner, options: StageOptions = {}): Promise<Stage> {
    const sandbox = await Sandbox.open(owner);
    await mkdir(sandbox.path("work"));
    const words = new Map<string, string>([
      [sandbox.path("homes"), "$HOMES"],
      [sandbox.path("work"), "$WORK"],
      [sandbox.path("keys"), "$KEYS"],
      [sandbox.path("scripts"), "$SCRIPTS"],
      [sandbox.path("plugins"), "$RUN_DIR/bin"],
      [sandbox.path("data"), "$RUN_DIR"],
      [sandbox.folder, "$RUN_DIR"],
      ...Object.entries(options.words ?? {}),
    ]);
    await writeWorkFiles(sandbox, words);
    for (const name of KEY_NAMES) await makeKey(sandbox, name, words);
    const httpPort = await freePort();
    const stage = new Stage(sandbox, await writeStageConfig(sandbox, options, httpPort), words, httpPort);
    words.set(String(stage.port), "$SSH_PORT");
    stage.#env = { ...options.env, ...options.envOf?.(stage) };
    await stage.behave(options.behaviours ?? {});
    for (const user of options.users ?? []) await stage.addUser(user);
    await stage.#addAdmins(options.admins ?? []);
    return stage;
  }

  async start(): Promise<void> {
    this.#server = await TestServer.start(this.sandbox, { config: this.config, env: this.#env });
  }

  get server(): TestServer {
    if (this.#server === undefined) throw new Error("the stage has no server");
    return this.#server;
  }

  /** True when the server has ended, or is told to. */
  get isStopped(): boolean {
    return this.#server === undefined || !this.#server.isAlive;
  }

  get port(): number {
    return this.config.port;
  }

  /** Puts what is real in place of the recordings' words. */
  expand(text: string): string {
    return text
      .replaceAll("$HOMES", this.sandbox.path("homes"))
      .replaceAll("$WORK", this.sandbox.path("work"))
      .replaceAll(/\$KEY_(\w+)/g, (word) => [...this.words].find(([, to]) => to === word)?.[0] ?? word)
      .replaceAll("$SCRIPTS", this.sandbox.path("scripts"))
      .replaceAll("$KEYS", this.sandbox.path("keys"))
      .replaceAll("$SSH_PORT", String(this.port))
      .replaceAll("$HTTP_PORT", String(this.httpPort));
  }

  /** What the probes do from now on. */
  async behave(behaviours: Behaviours): Promise<void> {
    await rm(this.sandbox.path("probe.conf.json.uses"), { force: true });
    await this.sandbox.write("probe.conf.json", this.expand(JSON.stringify(behaviours)));
  }

  /** As the recordings did with `POST /api/v2/users`. */
  async addUser(user: GoldenUser): Promise<void> {
    const { key = user.username, ...fields } = user;
    const home = this.sandbox.path("homes", user.username);
    await mkdir(home, { recursive: true });
    const document = {
      status: 1,
      home_dir: home,
      permissions: { "/": ["*"] },
      filters: {},
      ...(KEY_NAMES.includes(key) ? { public_keys: [(await this.openSsh.makeKey(key)).publicKey] } : {}),
      ...fields,
    };
    await this.#withUsers(async ({ users }) => {
      await users.remove(user.username);
      await users.add(document);
    });
  }

  async #addAdmins(admins: NonNullable<StageOptions["admins"]>): Promise<void> {
    if (admins.length === 0) return;
    await this.#withUsers(async (opened) => {
      for (const admin of admins) await opened.admins.add({ status: 1, password: `${admin.username}pw`, ...admin });
    });
  }

  async findUser(username: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    return await this.#withUsers(async ({ users }) => (await users.find(username))?.document);
  }

  async #withUsers<T>(use: (opened: ReturnType<typeof openUserAdmin>) => Promise<T>): Promise<T> {
    const opened = openUserAdmin(loadConfig({ configDir: dirname(this.config.file), configFile: this.config.file }));
    try {
      return await use(opened);
    } finally {
      await opened.store.close();
    }
  }

  /** Waits until a probe was told of a file. */
  async heard(action: string, virtualPath: string): Promise<void> {
    await waitFor(`the event ${action} ${virtualPath}`, () =>
      this.probes.lines().some(({ req }) => req?.["action"] === action && req["virtual_path"] === virtualPath),
    );
  }

  /** What a user has done before: whether there was an upload, a download and, unless it does not matter, a login. */
  setHistory(
    username: string,
    had: { readonly upload: boolean; readonly download: boolean; readonly login: boolean | undefined },
  ): void {
    const database = new DatabaseSync(this.sandbox.path("data", "fairlead.db"), { timeout: 5_000 });
    try {
      const set = (column: string, was: boolean): void =>
        void database
          .prepare(`UPDATE users SET ${column} = ? WHERE username = ?`)
          .run(was ? 1_700_000_000_000 : 0, username);
      set("first_upload", had.upload);
      set("first_download", had.download);
      if (had.login !== undefined) set("last_login", had.login);
    } finally {
      database.close();
    }
  }

  /** A user's files are exactly these. */
  async setHome(username: string, tree: FileTree): Promise<void> {
    const home = this.sandbox.path("homes", username);
    await rm(home, { recursive: true, force: true });
    await writeTree(home, tree);
  }

  /** A token of the REST API, asked for once an administrator. */
  async tokenOf(admin: string): Promise<string> {
    let token = this.#tokens.get(admin);
    if (token === undefined) {
      const url = `http://127.0.0.1:${this.httpPort}/api/v2/token`;
      const { out } = await runCurl(this, ["-u", `${admin}:${admin}pw`, url]);
      token = (JSON.parse(out) as { readonly access_token: string }).access_token;
      this.#tokens.set(admin, token);
    }
    return token;
  }
}

export async function writeTree(folder: string, tree: FileTree): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(tree)) {
    const path = join(folder, name);
    if (content === "dir") {
      await mkdir(path, { recursive: true });
    } else {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contentOf(content));
    }
  }
}

async function writeWorkFiles(sandbox: Sandbox, words: Map<string, string>): Promise<void> {
  const files = { small: 100, small2: 150, big: BIG_BYTES, empty: 0, "td/1": 1, "td/in/2": 2 };
  await writeTree(sandbox.path("work"), files);
  for (const [algorithm, recorded] of Object.entries(RECORDED_BIG)) {
    words.set(createHash(algorithm).update(contentOf(BIG_BYTES)).digest("hex"), recorded);
  }
}

async function makeKey(sandbox: Sandbox, name: string, words: Map<string, string>): Promise<void> {
  const { publicKey } = await new OpenSsh(sandbox).makeKey(name);
  const [, base64 = ""] = publicKey.split(" ");
  words.set(base64, `$KEY_${name}`);
  words.set(`$KEY_${name} ${name}`, `$KEY_${name} ${name}@golden`);
}

/** The recordings' base: stock values, bcrypt cost 4, every SSH command, refusals after 100 ms, a notifier told everything. */
async function writeStageConfig(sandbox: Sandbox, options: StageOptions, httpPort: number): Promise<ServerConfig> {
  const { sections = {}, notifier = true, plugins = [] } = options;
  const entries = [...(notifier === false ? [] : [notifierEntry(notifier === true ? {} : notifier)]), ...plugins];
  const probe = await bundleProbe();
  const named = entries.map(({ cmd }) => String(cmd)).filter((cmd) => cmd.startsWith("probe-"));
  for (const cmd of new Set([...named, ...(options.probes ?? [])])) {
    await sandbox.writeExecutable(placeOf(cmd), probe);
  }
  const common = { defender: { login_delay: { password_failed: 100 } } };
  return await writeConfig(sandbox, {
    sections: {
      ...(options.admins === undefined ? {} : { httpd: { bindings: [{ port: httpPort, address: "127.0.0.1" }] } }),
      ...sections,
      common: { ...common, ...sections["common"] },
      sftpd: { enabled_ssh_commands: ["*"], ...sections["sftpd"] },
    },
    plugins: entries.map((entry) => completeEntry(sandbox, entry, options.moreArgs ?? [])),
  });
}

export function notifierEntry(more: Section = {}): Section {
  const { notifier_options: options, ...rest } = more;
  return {
    type: "notifier",
    cmd: "probe-notifier",
    auto_mtls: true,
    ...rest,
    notifier_options: {
      fs_events: EVERY_FS_EVENT,
      provider_events: ["add", "update", "delete"],
      provider_objects: EVERY_OBJECT,
      log_events: [1, 2, 3, 4, 5],
      ...(options as Section | undefined),
    },
  };
}

function completeEntry(sandbox: Sandbox, entry: Section, moreArgs: readonly string[]): Section {
  return {
    env_vars: ["TMPDIR"],
    args: ["-log", sandbox.path("probe.jsonl"), "-conf", sandbox.path("probe.conf.json"), ...moreArgs],
    ...entry,
    cmd: sandbox.path(placeOf(String(entry["cmd"]))),
  };
}

function placeOf(cmd: string): string {
  return cmd.startsWith("$SCRIPTS/") ? join("scripts", cmd.slice("$SCRIPTS/".length)) : join("plugins", cmd);
}

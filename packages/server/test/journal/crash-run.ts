import { readdir, rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { RecordedEvents } from "../../../../e2e/harness/recorded-events.ts";
import type { Sandbox } from "../../../../e2e/harness/sandbox.ts";
import { TestServer } from "../../../../e2e/harness/server.ts";
import type { ServerConfig } from "../../../../e2e/harness/server-config.ts";
import { waitFor } from "../../../../e2e/harness/wait-for.ts";
import type { CrashPlan, Kill } from "./crash-plan.ts";
import { SftpUser } from "./sftp-user.ts";
import type { Operation } from "./told-in-order.ts";

export interface CrashScene {
  readonly sandbox: Sandbox;
  readonly config: ServerConfig;
  readonly users: readonly { readonly name: string; readonly password: string }[];
  readonly env: Readonly<Record<string, string>>;
  readonly events: RecordedEvents;
}

const content = Buffer.from("a tiny file");

/** Users who upload and more while the server and its plugin are killed and started again, as a plan says. */
export class CrashRun {
  readonly asked = new Map<string, Operation[]>();
  readonly #scene: CrashScene;
  readonly #plan: CrashPlan;
  #server: Promise<TestServer>;
  #replies = 0;
  #uploadsLeft: number;
  #killsLeft: Kill[];
  #killing: Promise<void> = Promise.resolve();

  constructor(scene: CrashScene, plan: CrashPlan) {
    this.#scene = scene;
    this.#plan = plan;
    this.#uploadsLeft = plan.uploads;
    this.#killsLeft = [...plan.kills];
    this.#server = this.#start();
  }

  /** Ends when every upload was tried, every kill done, and the plugin has heard of everything that was replied to. */
  async run(): Promise<void> {
    const users = this.#scene.users.slice(0, this.#plan.users);
    await Promise.all(users.map((user, index) => this.#work(user, index)));
    for (const kill of this.#killsLeft.splice(0)) this.#kill(kill);
    await this.#killing;
    const server = await this.#server;
    await this.#heardAll();
    await server.stop();
    await this.#sweep();
  }

  /** A plugin that is killed together with its server leaves its socket's folder behind: nobody is there to remove it. */
  async #sweep(): Promise<void> {
    if (!this.#plan.kills.some(({ victim }) => victim === "both")) return;
    const folder = this.#scene.sandbox.path("tmp");
    for (const name of await readdir(folder)) await rm(`${folder}/${name}`, { recursive: true });
  }

  /** Numbers of the sequence are the seed's own: names are never used twice. */
  async #work(user: { readonly name: string; readonly password: string }, index: number): Promise<void> {
    const operations: Operation[] = [];
    this.asked.set(user.name, operations);
    let session: SftpUser | undefined;
    for (let number = 0; this.#uploadsLeft > 0; number++) {
      this.#uploadsLeft--;
      try {
        session ??= await this.#login(user);
        await this.#operate(session, `/s${this.#plan.seed}u${index}n${number}`, operations);
      } catch {
        // The server was killed meanwhile; the next one is asked.
        session?.close();
        session = undefined;
      }
    }
    session?.close();
  }

  /** An upload, and now and then what can be done with a file or beside it. */
  async #operate(session: SftpUser, path: string, operations: Operation[]): Promise<void> {
    const ask = async (what: string, request: () => Promise<void>): Promise<void> => {
      const place = operations.push({ what, isDone: false }) - 1;
      await request();
      operations[place] = { what, isDone: true };
      this.#replied();
    };
    await ask(`upload ${path}`, () => session.upload(path, content));
    const chance = this.#plan.random();
    if (chance < 0.03) await ask(`rename ${path}`, () => session.rename(path, `${path}x`));
    else if (chance < 0.06) await ask(`delete ${path}`, () => session.remove(path));
    else if (chance < 0.08) await ask(`download ${path}`, () => session.download(path));
    else if (chance < 0.1) {
      await ask(`mkdir ${path}d`, () => session.makeDirectory(`${path}d`));
      await ask(`rmdir ${path}d`, () => session.removeDirectory(`${path}d`));
    }
  }

  async #login({ name, password }: { readonly name: string; readonly password: string }): Promise<SftpUser> {
    for (;;) {
      const server = await this.#server;
      try {
        return await SftpUser.connect({ port: server.port, username: name, password });
      } catch (error) {
        if (server.isAlive) throw error;
        // Killed: the one after it is being started.
        await waitFor("the next server", async () => (await this.#server) !== server);
      }
    }
  }

  #replied(): void {
    this.#replies++;
    const [kill] = this.#killsLeft;
    if (kill === undefined || this.#replies < kill.afterReplies) return;
    this.#killsLeft.shift();
    this.#kill(kill);
  }

  #kill(kill: Kill): void {
    this.#killing = this.#killNow(kill, this.#killing);
  }

  async #killNow({ victim, delayMs }: Kill, before: Promise<void>): Promise<void> {
    await before;
    await sleep(delayMs);
    const server = await this.#server;
    const pluginPid = this.#scene.events.pids().at(-1);
    if (victim !== "server" && pluginPid !== undefined) killIfAlive(pluginPid);
    if (victim === "plugin") return;
    server.kill("SIGKILL");
    this.#server = server.exited.then(() => this.#start());
    await this.#server;
  }

  #start(): Promise<TestServer> {
    const { sandbox, config, env } = this.#scene;
    return TestServer.start(sandbox, { config, env });
  }

  /** Each user's events arrive in order: with the last one there, all are. */
  async #heardAll(): Promise<void> {
    const lasts = [...this.asked].flatMap(([username, operations]) => {
      const last = operations.findLast(({ isDone }) => isDone);
      return last === undefined ? [] : [`${username} ${last.what}`];
    });
    await waitFor(
      "the last event of each user",
      () => {
        const heard = new Set(
          this.#scene.events.fsEvents().map((event) => `${event.username} ${event.action} ${event.virtualPath}`),
        );
        return lasts.every((last) => heard.has(last));
      },
      { timeoutMs: 60_000, pauseMs: 100 },
    );
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It had ended with the server that was killed before.
  }
}

/**
 * `npm start`: the server on 127.0.0.1:2022 with a demo user and one plugin, so that a newcomer sees an upload arrive in
 * another process within a minute. Everything lives in one data folder, `.fairlead/` here or `FAIRLEAD_DATA_DIR`.
 */
import { randomInt } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createLogger, type FairleadServer, loadConfig, startServer } from "fairlead";
import { stringify as formatYaml } from "yaml";
import { buildPlugins } from "./build.ts";

const DEMO_USER = "demo";

const dataDir = resolve(process.env["FAIRLEAD_DATA_DIR"] ?? join(import.meta.dirname, "..", ".fairlead"));
const logger = createLogger({ level: "warn", format: process.stderr.isTTY ? "pretty" : "json" });

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
// npm does not hand on a SIGTERM of its own: without npm nobody would end this server.
const parentId = process.ppid;
setInterval(() => process.ppid !== parentId && stopping.abort(), 1_000).unref();

async function main(): Promise<void> {
  const configFile = await writeConfig();
  const config = loadConfig({ configDir: dataDir, configFile });
  const { signal } = stopping;
  await using server = await startServer({ config, logger, stdio: process, signal });
  showWhatToType(server, await provideDemoUser(server));
  if (!signal.aborted) await new Promise((done) => signal.addEventListener("abort", done, { once: true }));
}

/** Written anew at each start: paths of the plugins change when the folder moves. */
async function writeConfig(): Promise<string> {
  const plugins = await buildPlugins();
  const printEvents = plugins.find(({ name }) => name === "print-events");
  const settings = {
    sftpd: { bindings: [{ address: "127.0.0.1", port: 2022 }] },
    fairlead: { data_dir: dataDir },
    plugins: [
      {
        type: "notifier",
        cmd: printEvents?.executable,
        auto_mtls: true,
        env_vars: ["PATH"],
        notifier_options: {
          fs_events: ["pre-upload", "upload", "first-upload", "pre-download", "download", "first-download"].concat([
            "pre-delete",
            "delete",
            "rename",
            "mkdir",
            "rmdir",
            "copy",
          ]),
          log_events: [1, 2, 5],
          retry_max_time: 60,
        },
      },
    ],
  };
  const file = join(dataDir, "demo.yaml");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await writeFile(
    file,
    `# What npm start runs, written anew each time. Copy it to make a server of your own.\n${formatYaml(settings)}`,
  );
  return file;
}

/** @returns the password of a user made just now; only its hash is kept, so it cannot be shown again */
async function provideDemoUser({ users }: FairleadServer): Promise<string | undefined> {
  if ((await users.find(DEMO_USER)) !== undefined) return undefined;
  const password = makePassword();
  await users.add({
    username: DEMO_USER,
    password,
    status: 1,
    home_dir: join(dataDir, "home"),
    permissions: { "/": ["*"] },
  });
  return password;
}

const UNMISTAKABLE = "abcdefghjkmnpqrstuvwxyz23456789";

/** 16 characters of 31: 79 bits. */
function makePassword(): string {
  const characters = Array.from({ length: 16 }, () => UNMISTAKABLE[randomInt(UNMISTAKABLE.length)]).join("");
  return characters.replaceAll(/.{4}(?=.)/g, "$&-");
}

function showWhatToType({ addresses }: FairleadServer, password: string | undefined): void {
  const port = addresses[0]?.port ?? 0;
  console.log(`
Fairlead is running. In a second terminal, type:

sftp -P ${port} ${DEMO_USER}@127.0.0.1
password: ${password ?? "the one shown at the first start"}

then, for example:  put README.md
Each line below comes from the plugin examples/print-events, a process of its own.
Data and configuration: ${dataDir}${password === undefined ? `\nForgot the password? npm run fairlead -- user passwd ${DEMO_USER} --config-file ${join(dataDir, "demo.yaml")}` : ""}
Stop with Ctrl-C.
`);
}

try {
  await main();
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`fairlead: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

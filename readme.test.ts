/** What the documents show, tried out: code compiles, configurations are accepted, commands run, links lead somewhere. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { text as readText } from "node:stream/consumers";
import { after, test } from "node:test";
import { createGrpcServer, defineMethod } from "@fairlead/grpc";
import { parsePluginConfigs } from "@fairlead/plugin-host";
import { loadConfig } from "fairlead";
import { parse as parseYaml } from "yaml";
import { bundlePlugin } from "./interop/bundle-plugin.ts";

const root = import.meta.dirname;
const binaries = join(root, "node_modules", ".bin");
const documents = globSync(["*.md", "docs/**/*.md", "{packages,examples}/*/*.md", "{bench,e2e,interop}/*.md"], {
  cwd: root,
  exclude: ["**/node_modules/**"],
}).sort();
const texts = new Map(documents.map((name) => [name, readFileSync(join(root, name), "utf8")]));
const readme = texts.get("README.md")!;
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`(?:${language})\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1]!);
}

function eachBlock(language: string): [document: string, code: string][] {
  return [...texts].flatMap(([name, text]) => codeBlocks(text, language).map((code): [string, string] => [name, code]));
}

function tempFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, ".readme-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("every TypeScript block compiles with strict types", () => {
  // Inside the tree, so that the code finds the packages as a user's project would.
  const folder = tempFolder(join(root, "node_modules"));
  const blocks = eachBlock("ts");
  assert.ok(blocks.length > 10);
  for (const [index, [document, code]] of blocks.entries()) {
    const place = join(folder, document.replaceAll("/", "-"));
    mkdirSync(place, { recursive: true });
    // A block that others import says its name in its first line.
    const [, name = `block-${index}.ts`] = /^(?:#!.*\n)?\/\/ (\S+\.ts)\n/.exec(code) ?? [];
    writeFileSync(join(place, name), code);
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const options = { extends: "../../tsconfig.base.json", compilerOptions: { noEmit: true }, include: ["**/*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(options));
  const { stdout } = spawnSync(join(binaries, "tsc"), ["-p", folder], { encoding: "utf8", cwd: folder });
  // What the packages' own sources have to complain about is not the documents' business.
  const complaints = stdout.split("\n").filter((line) => /^\S+\.md\//.test(line));
  assert.deepEqual(complaints, []);
});

for (const [name, printed, index = 0] of [
  ["grpc", /^hello world\n$/],
  ["grpc", /^to\nbe\nor not\nTO BE\n$/, 1],
  [
    "grpc",
    /^\/demo.Greeter\/Greet OK 1\nhello world\nSERVING\nNOT_SERVING\n\/grpc.health.v1.Health\/Watch CANCELLED 1\n$/,
    2,
  ],
  ["plugin-host", /delivered: 1, dropped: 0, kept: 0 \}\nrunning\n$/],
] as const) {
  test(`program ${index + 1} of packages/${name} runs and says what it says it says`, async () => {
    // Not in node_modules, where node strips no types.
    const folder = tempFolder(root);
    const plugin = await bundlePlugin(join(root, "examples/print-events/src/plugin.ts"), join(folder, "arrivals"));
    const code = codeBlocks(texts.get(`packages/${name}/README.md`)!, "ts")[index]!;
    writeFileSync(join(folder, "program.ts"), code.replace("/usr/local/lib/sftp-plugins/arrivals", plugin));
    const env = { PATH: `${binaries}:${process.env["PATH"] ?? ""}` };
    const args = ["--conditions=source", join(folder, "program.ts")];
    const { stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    assert.match(stdout, printed, stderr);
  });
}

test("program 4 of packages/grpc waits for a server that is not there yet", async () => {
  const folder = tempFolder(root);
  const path = join(folder, "greeter.sock");
  const code = codeBlocks(texts.get("packages/grpc/README.md")!, "ts")[3]!;
  writeFileSync(join(folder, "program.ts"), code.replace("/run/greeter.sock", path));
  const program = spawn(process.execPath, ["--conditions=source", join(folder, "program.ts")], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = readText(program.stdout);
  const states: string[] = [];
  const server = createGrpcServer();
  const listener = createServer((socket) => server.accept(socket));
  const text = {
    encode: (value: string) => Buffer.from(value),
    decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
  };
  server.handleUnary(defineMethod("unary", "/demo.Greeter/Greet", text, text), (name) => `hello ${name}`);
  for await (const line of createInterface(program.stderr)) {
    states.push(line.split(" ")[0]!);
    if (states.at(-1) === "transient-failure" && !listener.listening) listener.listen(path);
  }
  assert.equal(await output, "hello world\n");
  assert.deepEqual(states, ["connecting", "transient-failure", "connecting", "ready", "shutdown"]);
  await server.close();
  listener.close();
});

test("each package's README begins with a program of less than 30 lines", () => {
  const lengths = globSync("packages/*/README.md", { cwd: root }).map((name): [string, number] => {
    const [first = ""] = codeBlocks(texts.get(name)!, "ts");
    return [name, first.split("\n").length - 1];
  });
  assert.deepEqual(
    lengths.filter(([, lines]) => lines === 0 || lines >= 30),
    [],
  );
});

test("the README's plugin has ten lines", () => {
  const [source] = codeBlocks(readme, "ts");
  assert.ok(source !== undefined && source.split("\n").length < 14);
});

test("every configuration is accepted, without a warning", () => {
  let tried = 0;
  for (const [document, code] of eachBlock("json|yaml")) {
    const content = parseYaml(code) as Readonly<Record<string, unknown>>;
    if (!["plugins", "sftpd", "common", "fairlead"].some((section) => section in content)) continue;
    const folder = tempFolder(tmpdir());
    writeFileSync(join(folder, "fairlead.json"), JSON.stringify(content));
    assert.deepEqual(loadConfig({ configDir: folder, env: {} }).warnings, [], document);
    tried++;
  }
  assert.ok(tried > 3);
});

test("the README's plugin entry asks for uploads", () => {
  const [config] = codeBlocks(readme, "json");
  const [entry] = parsePluginConfigs((JSON.parse(config!) as { plugins: unknown }).plugins, {
    source: "README.md",
  });
  assert.ok(entry?.type === "notifier");
  assert.deepEqual(entry.notifierOptions.fsEvents, ["upload"]);
});

test("every npm script the documents name exists", () => {
  const known = new Set([...Object.keys(scripts), "install", "pack", "init", "pkg", "ci"]);
  const pattern = /(?:^|[`$(] ?|&& )npm (?:run )?(?:--silent )?([a-z][a-z0-9:-]*)/gm;
  const named = [...texts].flatMap(([document, text]) =>
    [...text.matchAll(pattern)].map((match) => ({ document, script: match[1]! })),
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter(({ script }) => !known.has(script)),
    [],
  );
});

test("every file and heading the documents link to exists", () => {
  const broken: string[] = [];
  for (const [document, text] of texts) {
    const prose = text.replaceAll(/^```.*?^```/gms, "");
    for (const [, target, heading] of prose.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
      const file = target === "" ? join(root, document) : join(root, dirname(document), target!);
      if (!existsSync(file)) broken.push(`${document}: ${target}`);
      else if (heading !== undefined && !headings(file).includes(heading)) broken.push(`${document}: #${heading}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** Anchors as GitHub makes them. */
function headings(file: string): string[] {
  return [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

test(
  "systemd finds nothing wrong with the operating guide's unit",
  { skip: !hasSystemd && "not installed: systemd-analyze" },
  () => {
    const folder = tempFolder(tmpdir());
    const [unit] = codeBlocks(texts.get("docs/guides/operating.md")!, "ini");
    const file = join(folder, "fairlead.service");
    writeFileSync(file, unit!.replaceAll("/opt/fairlead", root));
    const { status, stderr } = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
  },
);

test("the operating guide's backup holds the users", async () => {
  const folder = tempFolder(tmpdir());
  const database = join(folder, "fairlead.db");
  const source = new DatabaseSync(database);
  source.exec("PRAGMA journal_mode = WAL; CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ann')");
  const command = codeBlocks(texts.get("docs/guides/operating.md")!, "sh").find((code) =>
    code.includes("node:sqlite"),
  )!;
  const copy = join(folder, "copy.db");
  const here = command
    .replace("/opt/fairlead", root)
    .replace("/var/lib/fairlead/fairlead.db", database)
    .replace("/root/fairlead-backup.db", copy);
  const { status, stderr } = spawnSync("sh", ["-ec", here], { encoding: "utf8" });
  source.close();
  assert.equal(status, 0, stderr);
  using restored = new DatabaseSync(copy, { readOnly: true });
  assert.equal(restored.prepare("SELECT name FROM users").get()?.["name"], "ann");
});

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

const hasCurl = spawnSync("sh", ["-c", "curl --version && jq --version"]).status === 0;

test(
  "the operating guide's commands look at a server from outside",
  { skip: !hasCurl && "not installed: curl and jq" },
  async () => {
    const folder = tempFolder(tmpdir());
    const guide = texts.get("docs/guides/operating.md")!;
    const section = guide.slice(guide.indexOf("## Look at it from outside"), guide.indexOf("## Secrets"));
    const searcher = codeBlocks(texts.get("packages/plugin-sdk/README.md")!, "ts").find((code) =>
      code.startsWith("// recent.ts"),
    )!;
    const source = join(tempFolder(root), "recent.ts");
    writeFileSync(source, searcher);
    const plugin = await bundlePlugin(source, join(folder, "recent"));
    const [httpPort, telemetryPort] = [await findFreePort(), await findFreePort()];
    const usePorts = (text: string): string =>
      text.replaceAll("8080", String(httpPort)).replaceAll("10000", String(telemetryPort));
    const config = usePorts(codeBlocks(section, "json")[0]!).replace("/usr/local/lib/sftp-plugins/recent", plugin);
    writeFileSync(join(folder, "fairlead.json"), config);
    const env = { PATH: `${binaries}:${process.env["PATH"] ?? ""}`, SFTPGO_FAIRLEAD__FREE_PORTS: "true" };
    const main = ["--conditions=source", join(root, "packages/server/src/main.ts")];
    const added = /fairlead (admin add \S+ --permissions \S+)/.exec(section)![1]!.split(" ");
    const { status, stderr } = spawnSync(process.execPath, [...main, ...added, "--config-dir", folder], {
      env,
      input: "correct horse\n",
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);

    const server = spawn(process.execPath, [...main, "serve", "--config-dir", folder], {
      env: { ...env, SFTPGO_SFTPD__BINDINGS__0__PORT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const exited = once(server, "exit");
    let answers: string | undefined;
    for await (const line of createInterface(server.stderr)) {
      if (!line.includes('"msg":"listening"')) continue;
      const commands = usePorts(codeBlocks(section, "sh").join("")).replace("-u auditor", "-u 'auditor:correct horse'");
      answers = spawnSync("sh", ["-ec", commands], { env, encoding: "utf8" }).stdout;
      server.kill();
    }
    await exited;
    const [state = "", events, header] = answers?.split("\n") ?? [];
    assert.equal((JSON.parse(state) as { kind: string; state: string }).state, "running");
    assert.equal(events, "[]");
    assert.match(header ?? "", /^Time,Action,Path,/);
  },
);

test("every log line the operating guide explains is in the code", () => {
  const guide = texts.get("docs/guides/operating.md")!;
  const table = guide.slice(guide.indexOf("### What log lines mean"), guide.indexOf("## Plugins"));
  const messages = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(
    ([, cell]) => cell!.match(/(?<=`)[^`]{4,}(?=`)/g) ?? [],
  );
  assert.ok(messages.length > 25);
  const code = globSync("packages/{server,plugin-host,go-plugin}/src/**/*.ts", { cwd: root })
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const unknown = messages.filter((message) => !code.includes(message.replace(/^… /, "")));
  assert.deepEqual(unknown, [], "no such log line");
});

test("the commands of “Run a server” add a user and serve", async () => {
  const folder = tempFolder(tmpdir());
  const [commands] = codeBlocks(readme.slice(readme.indexOf("## Run a server")), "sh");
  const places = commands!
    .replaceAll("/etc/fairlead", join(folder, "etc"))
    .replaceAll("/srv/sftp", join(folder, "srv"));
  const lines = places.trim().split("\n");
  const serve = lines.pop()!;
  assert.match(serve, / serve /);
  const ports = { SFTPGO_SFTPD__BINDINGS__0__PORT: "0", SFTPGO_FAIRLEAD__FREE_PORTS: "true" };
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder, npm_config_update_notifier: "false" };

  const added = spawnSync("sh", ["-ec", lines.join("\n")], {
    cwd: root,
    env,
    input: "correct horse\n",
    encoding: "utf8",
  });
  assert.equal(added.status, 0, added.stderr);
  assert.match(added.stdout, /user "alice" added, home .*\/srv\/alice/);

  // A group of its own: Ctrl-C reaches every process of the terminal, and so does the signal below.
  const server = spawn("sh", ["-c", serve], {
    cwd: root,
    env: { ...env, ...ports },
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(server, "exit");
  const messages: string[] = [];
  for await (const line of createInterface(server.stderr)) {
    const message = line.startsWith("{") ? (JSON.parse(line) as { msg: string }).msg : line;
    messages.push(message);
    if (message === "listening") process.kill(-server.pid!, "SIGINT");
  }
  await exited;
  assert.deepEqual(messages.slice(-3), ["signal received", "stopping", "stopped"]);
});

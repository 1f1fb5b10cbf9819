import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../e2e/harness/repository.ts";
import { run, type RunResult } from "../../e2e/harness/run.ts";
import { type ParamikoAction, PARAMIKO_ACTIONS } from "./paramiko-actions.ts";
import type { RecordedCommand } from "./recording.ts";
import type { Stage } from "./stage.ts";

/** What a client said, before it is normalised. */
export interface Outcome {
  readonly rc: number | string;
  readonly out: string;
  readonly err: string;
}

export interface CommandOptions {
  /** Who paramiko logs in as, and with whose key. Default: `full` with its own. */
  readonly user?: string;
  readonly key?: string;
  /** In place of what the note about paramiko says, or added to it. */
  readonly paramiko?: ParamikoAction;
  /** What ssh is told when it asks, one after another; the last one again and again. */
  readonly asked?: readonly string[];
  /** After this the client is ended. Default 60,000. */
  readonly commandTimeoutMs?: number;
  /** Who calls the REST API. Default: `admin`. */
  readonly admin?: string;
}

const venvPython = join(repositoryRoot, "golden", ".venv", "bin", "python");

/** Python with paramiko: of `golden/install-clients.sh`. */
export function pythonWithParamiko(): string | undefined {
  return existsSync(venvPython) ? venvPython : undefined;
}

const SSH_OPTIONS: readonly string[] = (
  "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null " +
  "-o LogLevel=ERROR -o IdentitiesOnly=yes -o ConnectTimeout=30"
).split(" ");

/** Does what the recording did, with the same client. */
export async function runRecorded(
  stage: Stage,
  command: RecordedCommand,
  options: CommandOptions = {},
): Promise<Outcome> {
  const [program, rest] = split(command.run);
  if (program === "paramiko:") return await runParamiko(stage, rest, options);
  if (program === "curl" && /^-X [A-Z]+ \/api\//.test(rest)) return await callRest(stage, command, options.admin);
  const args = program === "curl" ? curlArguments(stage, command.run) : expand(stage, command.run);
  const result = await run(args[0]!, args.slice(1), {
    env: await environment(stage, options),
    cwd: stage.sandbox.folder,
    ...(command.stdin === undefined ? {} : { input: stage.expand(command.stdin) }),
    timeoutMs: options.commandTimeoutMs ?? 60_000,
  });
  return outcomeOf(result);
}

export function outcomeOf({ code, signal, stdout, stderr }: RunResult): Outcome {
  return { rc: code ?? (signal === "SIGKILL" ? "timeout" : String(signal)), out: stdout, err: stderr };
}

async function runParamiko(stage: Stage, text: string, options: CommandOptions): Promise<Outcome> {
  const { user = "full", key = user } = options;
  const action = { ...PARAMIKO_ACTIONS[text], ...options.paramiko };
  const spec = { port: stage.port, user, key: stage.sandbox.path("keys", key), ...action };
  const script = join(repositoryRoot, "golden", "clients", "paramiko_client.py");
  const result = await run(pythonWithParamiko() ?? "python3", [script, JSON.stringify(spec)], {
    env: stage.sandbox.environment(),
    cwd: stage.sandbox.folder,
  });
  // The recordings keep what was printed without the newline at its end.
  return { ...outcomeOf(result), out: result.stdout.replace(/\n$/, "") };
}

/** `curl -X GET /api/v2/…`: by an administrator with a token; the exit status noted is that of HTTP. */
export async function callRest(stage: Stage, command: RecordedCommand, admin = "admin"): Promise<Outcome> {
  const [, method = "GET", path = "/"] = /^curl -X ([A-Z]+) (\S+)$/.exec(command.run) ?? [];
  const body =
    command.body === undefined ? [] : ["-H", "Content-Type: application/json", "-d", JSON.stringify(command.body)];
  const outcome = await runCurl(stage, [
    "-X",
    method,
    "-H",
    `Authorization: Bearer ${await stage.tokenOf(admin)}`,
    "-w",
    "\n%{http_code}",
    ...body,
    `http://127.0.0.1:${stage.httpPort}${path}`,
  ]);
  const at = outcome.out.lastIndexOf("\n");
  return { rc: Number(outcome.out.slice(at + 1)), out: outcome.out.slice(0, at), err: outcome.err };
}

export async function runCurl(stage: Stage, args: readonly string[]): Promise<Outcome> {
  const result = await run("curl", ["-s", "-m", "30", ...args], {
    env: stage.sandbox.environment(),
    cwd: stage.sandbox.folder,
  });
  return outcomeOf(result);
}

/** What `-w` and `-H` say goes on to the next flag, or to the address; every other word is one argument. */
function curlArguments(stage: Stage, text: string): string[] {
  const args: string[] = [];
  for (const word of text.split(" ")) {
    const goesOn = ["-w", "-H"].includes(args.at(-2) ?? "") && !/^(?:-|https?:|ftp:)/.test(word);
    if (goesOn) args.push(`${args.pop() ?? ""} ${word}`);
    else args.push(word);
  }
  return args.map((word) => stage.expand(word));
}

/** Arguments were recorded joined by blanks; none of those run here holds one but where a header has it. */
function expand(stage: Stage, text: string): string[] {
  return text.split(" ").flatMap((word) => (word === "$SSHOPTS" ? SSH_OPTIONS : [stage.expand(word)]));
}

async function environment(stage: Stage, { asked }: CommandOptions): Promise<Record<string, string>> {
  if (asked === undefined) return stage.sandbox.environment();
  const answers = await stage.sandbox.write("answers", `${asked.join("\n")}\n`);
  // Takes the first line away as long as there is another.
  const script = `#!/bin/sh\nhead -n 1 ${answers}\n[ "$(wc -l < ${answers})" -gt 1 ] && sed -i 1d ${answers}\nexit 0\n`;
  const askpass = await stage.sandbox.writeExecutable("askpass", script);
  return stage.sandbox.environment({ SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force", DISPLAY: ":0" });
}

function split(text: string): [string, string] {
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * A plugin of any kind that writes down every RPC as it is on the wire. Its kind is in its name, `probe-auth`, and what it
 * answers in the file `-conf`, which the harness changes between situations. Built on the go-plugin library, below the
 * SDK's domain types: a mistake that sender and receiver share would not show through those.
 */
import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import { definePluginKind } from "@fairlead/go-plugin";
import { provide, serve } from "@fairlead/go-plugin/serve";
import { type Codec, defineMethod, GrpcError, type ServerCall, type ErrorStatusCode } from "@fairlead/grpc";
import { type Behaviour, behaviourFor } from "./behaviour.ts";
import { COOKIES, REQUESTS, SERVICES, type WireMessage } from "./wire-fields.ts";
import { type NotedRequest, readRequest } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

const name = basename(process.argv[1] ?? "");
const kind = /^probe-([a-z]+)/.exec(name)?.[1] ?? "notifier";
const alias = process.argv.indexOf("-as");
const words = alias < 0 ? process.argv.slice(1) : [process.argv[alias + 1] ?? "", ...process.argv.slice(2, alias)];
const logFile = argument("-log");
const behaviourFile = argument("-conf");
let inFlight = 0;
let arrivals = 0;

function argument(flag: string): string {
  const at = process.argv.indexOf(flag);
  return at < 0 ? "/dev/null" : (process.argv[at + 1] ?? "/dev/null");
}

/** One write a line: a killed probe leaves no half of one. */
function note(facts: object): void {
  appendFileSync(logFile, `${JSON.stringify({ probe: name, kind, pid: process.pid, atMs: now(), ...facts })}\n`);
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

const raw: Codec<Uint8Array> = { encode: (bytes) => bytes, decode: (bytes) => bytes.slice() };

async function answer(path: string, message: WireMessage, bytes: Uint8Array, call: ServerCall): Promise<Uint8Array> {
  const req = readRequest(bytes, message);
  const method = path.slice(path.lastIndexOf("/") + 1);
  inFlight += 1;
  const deadlineMs = call.deadline === undefined ? undefined : call.deadline.getTime() - now();
  const metadata = Object.fromEntries([...call.metadata].map(([key, value]) => [key, String(value)]));
  note({ what: "rpc", method: path, req, deadlineMs, metadata, inFlight, arrival: arrivals++ });
  try {
    const behaviour = behaviourFor(behaviourFile, method, req);
    if (behaviour.sleepMs !== undefined) {
      await new Promise((done) => setTimeout(done, behaviour.sleepMs));
      note({ what: "rpc_end", method: path, result: "ok after sleep" });
    }
    if (behaviour.exit !== undefined) {
      note({ what: "rpc_end", method: path, result: "exit" });
      process.exit(behaviour.exit);
    }
    if (behaviour.error !== undefined) {
      const { code, message: text } = behaviour.error;
      note({ what: "rpc_end", method: path, result: `error ${code}: ${text}` });
      throw new GrpcError(code as ErrorStatusCode, text);
    }
    return encodeAnswer(method, req, behaviour);
  } finally {
    inFlight -= 1;
  }
}

function encodeAnswer(method: string, req: NotedRequest, behaviour: Behaviour): Uint8Array {
  const writer = new WireWriter();
  const payload = String(req["payload"]);
  switch (method) {
    case "SendKeyboardAuthRequest": {
      const { instructions = "", questions = [], echos = [], authResult = 0, checkPassword = 0 } = behaviour.step ?? {};
      writer.text(1, instructions).texts(2, questions).flags(3, echos).number(4, authResult).number(5, checkPassword);
      break;
    }
    case "Encrypt":
      writer
        .text(1, behaviour.payload ?? `ENC(${Buffer.from(payload).toString("hex")})`)
        .text(2, behaviour.key ?? "")
        .number(3, behaviour.mode ?? 0);
      break;
    case "Decrypt":
      writer.text(1, behaviour.payload ?? Buffer.from(payload.slice(4, -1), "hex"));
      break;
    default:
      writer.text(1, behaviour.answer ?? "");
  }
  return writer.finish();
}

const plugin = definePluginKind<object, never>({
  name: kind,
  register(registrar) {
    for (const [path, message] of Object.entries(REQUESTS)) {
      if (!path.startsWith(`/${SERVICES[kind] ?? ""}/`)) continue;
      registrar.handleUnary(defineMethod("unary", path, raw, raw), async (bytes, call) =>
        answer(path, message, bytes, call),
      );
    }
  },
  connect: () => {
    throw new GrpcError("UNIMPLEMENTED", "a probe is nobody's client");
  },
  descriptors: () => [],
});

note({
  what: "start",
  argv: words,
  cwd: process.cwd(),
  env: Object.entries(process.env)
    .map(([key, value]) => `${key}=${value ?? ""}`)
    .sort(),
});

if (process.argv.includes("-loglines")) logLines();

/** One line at each level as hclog writes them, and two as a library might print them. */
function logLines(): void {
  for (const level of ["debug", "info", "warn", "error"]) {
    const line = { "@level": level, "@message": `probe ${level} line`, "@timestamp": new Date().toISOString() };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  }
  process.stderr.write("plain stderr line\n[WARN] bracketed warn line\n");
}

const cookie = COOKIES[kind];
if (cookie === undefined) throw new GrpcError("INTERNAL", `no kind of plugin is named ${kind}`);
await serve({
  handshake: cookie,
  versions: { 1: [provide(plugin, {})] },
  stop: async () => {
    note({ what: "serve_return" });
    return await Promise.resolve();
  },
});

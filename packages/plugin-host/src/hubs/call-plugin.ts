import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { RpcOptions } from "@fairlead/plugin-sdk/client";
import { PluginHostError } from "../plugin-host-error.ts";
import { systemClock } from "../supervisor/clock.ts";
import type { Clock } from "../supervisor/clock.ts";
import { formatRpcError, toGoMessage } from "./go-text.ts";
import type { PluginRoute } from "./plugin-route.ts";
import { redact } from "./redact.ts";

/** What SFTPGo's own clients allow a plugin. */
const callTimeoutMs = 20_000;

/** One question to one plugin. */
export interface PluginCall<Client, Answer> {
  readonly run: (client: Client, options: RpcOptions) => Promise<Answer>;
  /** What of the request may be in no message, even when the plugin repeats it. */
  readonly secrets?: () => readonly string[];
  /** The line SFTPGo would log, from the error as Go writes it. Default: that error alone. */
  readonly summarize?: (rpcError: string, elapsedMs: number) => string;
}

/** What every hub needs. */
export interface CallSurroundings {
  /** Default: the system's. */
  readonly clock?: Clock;
}

/**
 * Calls a plugin that runs, counts the call, and rejects with `ERR_PLUGIN_CALL` or `ERR_PLUGIN_UNAVAILABLE`. A call that
 * did not reach a process which ended meanwhile is made again, once, if the next process runs already.
 */
export async function callPlugin<Client, Answer>(
  route: PluginRoute<unknown, Client>,
  call: PluginCall<Client, Answer>,
  options: RpcOptions,
  { clock = systemClock }: CallSurroundings,
): Promise<Answer> {
  const startedAt = clock.monotonicMs();
  const first = route.availability;
  if (first.status === "down") throw unavailable(route.label, first.startFailed, call);
  const limited = { ...options, timeoutMs: options.timeoutMs ?? callTimeoutMs };
  try {
    return await callCounted(route, first.client, call, limited, clock);
  } catch (error) {
    const next = route.availability;
    if (wasNotSent(error) && next.status === "up" && next.client !== first.client) {
      return await callCounted(route, next.client, call, limited, clock).catch((again: unknown) => {
        throw callError(route.label, call, again, clock.monotonicMs() - startedAt);
      });
    }
    throw callError(route.label, call, error, clock.monotonicMs() - startedAt);
  }
}

async function callCounted<Client, Answer>(
  route: PluginRoute<unknown, Client>,
  client: Client,
  call: PluginCall<Client, Answer>,
  options: RpcOptions,
  clock: Clock,
): Promise<Answer> {
  const startedAt = clock.monotonicMs();
  try {
    const answer = await call.run(client, options);
    route.calls.record(clock.monotonicMs() - startedAt, "ok");
    return answer;
  } catch (error) {
    // Who asked does not want to know any more: that says nothing about the plugin.
    if (options.signal?.aborted !== true) route.calls.record(clock.monotonicMs() - startedAt, "failed");
    throw error;
  }
}

/** What {@link callPlugin} rejected with, in short. */
export function toFailure(error: unknown): { readonly summary: string; readonly grpcCode: string } {
  const { summary, grpcCode } = PluginHostError.is(error) ? error.details : {};
  if (typeof summary === "string" && typeof grpcCode === "string") return { summary, grpcCode };
  return { summary: error instanceof Error ? error.message : String(error), grpcCode: "INTERNAL" };
}

function wasNotSent(error: unknown): boolean {
  return GrpcError.is(error, "UNAVAILABLE") && error.unprocessed !== undefined;
}

type Telling = Pick<PluginCall<never, unknown>, "secrets" | "summarize">;

const startAgain = "It is started again by itself; the log says why it ended.";

function unavailable(label: string, startFailed: boolean, { summarize = identity }: Telling): PluginHostError {
  const state = startFailed ? "it cannot be started" : "it is being started";
  const summary = summarize(formatRpcError("UNAVAILABLE", `the plugin does not run: ${state}`), 0);
  const nextStep = startFailed ? "The log says why its last start failed." : startAgain;
  return new PluginHostError("ERR_PLUGIN_UNAVAILABLE", `${summary}; ${label}\n${nextStep}`, {
    details: { plugin: label, grpcCode: "UNAVAILABLE", summary },
  });
}

/** What to do about an error of this code; any other is the plugin's own answer. */
const nextSteps: Readonly<Record<string, string>> = {
  CANCELLED: "The call was cancelled before the plugin answered.",
  DEADLINE_EXCEEDED: "The plugin did not answer in time: its log may say what it waits for.",
  UNAVAILABLE: startAgain,
  UNIMPLEMENTED: "The plugin cannot do this: correct its entry's type or scope, or use another version of it.",
};

function callError(
  label: string,
  { secrets, summarize = identity }: Telling,
  error: unknown,
  elapsedMs: number,
): PluginHostError {
  const { code, message, cause } = redactError(GrpcError.from(error), secrets?.() ?? []);
  const summary = summarize(formatRpcError(code, toGoMessage(code, message)), elapsedMs);
  const nextStep = nextSteps[code] ?? "These are the plugin's words: its log may say more.";
  return new PluginHostError("ERR_PLUGIN_CALL", `${summary}; ${label}\n${nextStep}`, {
    details: { plugin: label, grpcCode: code, summary },
    cause,
  });
}

function redactError(error: GrpcError, secrets: readonly string[]) {
  const message = redact(error.message, secrets);
  const cause = message === error.message ? error : new GrpcError(error.code, message);
  return { code: error.code, message, cause };
}

function identity(text: string): string {
  return text;
}

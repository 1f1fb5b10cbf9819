import type { Duplex } from "node:stream";
import { PluginError } from "../plugin-error.ts";
import type { Knock } from "../protocol/conn-info.ts";
import type { PeerRole } from "../tls/peer-tls.ts";
import type { InfoStream } from "./info-stream.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";

/** Knocks that were given up and may still be answered: no more of them than this are remembered. */
const MAX_GIVEN_UP = 1_024;

export interface KnockSenderParts {
  readonly infos: InfoStream;
  readonly peer: PeerRole;
  readonly schedule: Schedule;
  /** Opens a stream to the other side. */
  readonly open: () => Duplex;
}

interface PendingKnock {
  readonly id: number;
  readonly resolve: () => void;
  readonly reject: (error: PluginError) => void;
}

/**
 * Opens streams for ids of the other side, one after another: it gives the next stream after its answer to whom the knock
 * was for (grpc_broker.go: muxDial, knock).
 *
 * Every answer that says yes is owed a stream, however late it comes: Go's plugin waits for it with the next knock, and
 * Go's host would give the wanted id somebody else's stream.
 */
export class KnockSender {
  readonly #parts: KnockSenderParts;
  readonly #givenUp = new Set<number>();
  #pending: PendingKnock | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #end: PluginError | undefined;

  constructor(parts: KnockSenderParts) {
    this.#parts = parts;
  }

  /** Rejects with `ERR_BROKER_TIMEOUT`, `ERR_BROKER_REFUSED`, or the signal's reason. */
  async open(id: number, signal: AbortSignal): Promise<Duplex> {
    const stream = this.#inTurn(async () => {
      signal.throwIfAborted();
      await this.#knock(id);
      return this.#parts.open();
    });
    return await unlessAborted(stream, signal);
  }

  /** The other side's answer, to whatever. */
  onAnswer(id: number, answer: Knock): void {
    const pending = this.#pending;
    if (pending?.id === id) {
      const refusal = refusalOf(id, answer);
      if (refusal === undefined) pending.resolve();
      else pending.reject(refusal);
    } else if (this.#givenUp.delete(id) && refusalOf(id, answer) === undefined) {
      // Nobody wants it any more; a failure is of the connection, which says so itself.
      this.#inTurn(() => this.#parts.open().destroy()).catch(() => {});
    }
  }

  /** Fails who waits, and who comes later. Idempotent: the first reason stays. */
  end(reason: PluginError): void {
    this.#end ??= reason;
    this.#pending?.reject(this.#end);
  }

  #inTurn<T>(act: () => T | Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #knock(id: number): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    const { infos, peer, schedule } = this.#parts;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const giveUp = (): void => {
      if (this.#givenUp.size < MAX_GIVEN_UP) this.#givenUp.add(id);
      reject(timedOut(peer, id));
    };
    const cancel = schedule(giveUp, BROKER_TIMEOUT_MS);
    this.#pending = { id, resolve, reject };
    try {
      const knock = { knock: true, ack: false, error: "" };
      await Promise.all([infos.send({ serviceId: id, network: "", address: "", knock }), promise]);
    } finally {
      cancel();
      this.#pending = undefined;
    }
  }
}

/** In go-plugin's words; undefined when the answer says yes. */
function refusalOf(id: number, { knock, ack, error }: Knock): PluginError | undefined {
  const details = { id };
  if (!knock || !ack) {
    const message = `handshake failed for multiplexing on id ${id}; expected knock and ack, but got knock:${knock} ack:${ack}`;
    return new PluginError("ERR_BROKER_REFUSED", message, { details });
  }
  if (error === "") return undefined;
  return new PluginError("ERR_BROKER_REFUSED", `failed to knock for id ${id}: ${error}`, { details });
}

function timedOut(peer: PeerRole, id: number): PluginError {
  return new PluginError(
    "ERR_BROKER_TIMEOUT",
    `timeout waiting for multiplexing knock handshake on id ${id}: the ${peer} did not accept it within ${BROKER_TIMEOUT_MS} ms`,
    { details: { id, timeoutMs: BROKER_TIMEOUT_MS } },
  );
}

/** The signal's reason at once when it aborts; a stream that is opened nevertheless is destroyed. */
async function unlessAborted(stream: Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason as Error);
    stream.then(
      (late) => late.destroy(),
      () => {},
    );
  };
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([stream, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

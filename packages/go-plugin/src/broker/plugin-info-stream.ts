import type { PluginError } from "../plugin-error.ts";
import type { ConnInfo } from "../protocol/conn-info.ts";
import { brokerUnavailable } from "./broker-errors.ts";
import type { InfoListener, InfoStream } from "./info-stream.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

interface Outgoing {
  readonly info: ConnInfo;
  readonly taken: () => void;
  readonly failed: (reason: PluginError) => void;
}

/**
 * The plugin's end: an answer to whatever host opens the stream, one at a time. A later stream takes over: it is that of a
 * host that attached to this plugin. (The broker of a Go plugin is dead once its first stream has ended.)
 */
export class PluginInfoStream implements InfoStream {
  readonly #schedule: Schedule;
  readonly #outgoing = new Set<Outgoing>();
  #listener: InfoListener | undefined;
  #current: AbortController | undefined;
  #wake: () => void = () => {};
  #closed: PluginError | undefined;

  constructor(schedule: Schedule = scheduleTimer) {
    this.#schedule = schedule;
  }

  start(listener: InfoListener): void {
    this.#listener = listener;
  }

  /** Waits for a host: it opens the stream right after it has connected, and the plugin may be faster. */
  send(info: ConnInfo): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        cancelTimeout();
        this.#outgoing.delete(outgoing);
        act();
      };
      const failed = (reason: PluginError): void => settle(() => reject(reason));
      const cancelTimeout = this.#schedule(() => failed(notRead()), BROKER_TIMEOUT_MS);
      const outgoing = { info, failed, taken: () => settle(resolve) };
      this.#outgoing.add(outgoing);
      this.#wake();
    });
  }

  /** Handles one StartStream call, until its host, a later one or the signal ends it. */
  async *serve(requests: AsyncIterable<ConnInfo>, signal: AbortSignal): AsyncGenerator<ConnInfo> {
    const mine = new AbortController();
    if (this.#current !== undefined) {
      this.#current.abort();
      this.#listener?.onTakeover();
    }
    this.#current = mine;
    const ended = AbortSignal.any([signal, mine.signal]);
    void this.#receive(requests, mine, ended);
    while (!ended.aborted && this.#closed === undefined) {
      const [next] = this.#outgoing;
      if (next === undefined) {
        await this.#arrival(ended);
        continue;
      }
      this.#outgoing.delete(next);
      let isTaken = false;
      try {
        yield next.info;
        isTaken = true;
      } finally {
        // Left in the middle of it when the host is gone.
        if (isTaken) next.taken();
        else next.failed(this.#closed ?? hostLeft());
      }
    }
  }

  close(reason: PluginError): void {
    this.#closed ??= reason;
    for (const { failed } of this.#outgoing) failed(this.#closed);
    this.#current?.abort();
  }

  async #receive(requests: AsyncIterable<ConnInfo>, mine: AbortController, ended: AbortSignal): Promise<void> {
    try {
      for await (const info of requests) {
        if (ended.aborted) return;
        this.#listener?.onInfo(info);
      }
    } catch {
      // The call was cancelled or its connection lost; it is over either way.
    } finally {
      mine.abort();
    }
  }

  #arrival(ended: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        ended.removeEventListener("abort", wake);
        resolve();
      };
      ended.addEventListener("abort", wake, { once: true });
      this.#wake = wake;
    });
  }
}

function hostLeft(): PluginError {
  return brokerUnavailable("the host has left in the middle of the broker's stream");
}

function notRead(): PluginError {
  return brokerUnavailable(`the host has not opened or read the broker's stream for ${BROKER_TIMEOUT_MS} ms`);
}

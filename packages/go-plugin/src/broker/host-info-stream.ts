import { GrpcError } from "@fairlead/grpc";
import type { BidiCall, ClientConnection } from "@fairlead/grpc";
import { PluginError } from "../plugin-error.ts";
import type { ConnInfo } from "../protocol/conn-info.ts";
import { startStreamMethod } from "../protocol/services.ts";
import { brokerClosed, brokerUnavailable } from "./broker-errors.ts";
import type { InfoListener, InfoStream } from "./info-stream.ts";
import { BROKER_TIMEOUT_MS } from "./one-shot-slots.ts";
import type { Schedule } from "./schedule.ts";
import { scheduleTimer } from "./schedule.ts";

/**
 * The host's end, opened here and now. Its requests are never ended before the plugin: a half-closed stream kills the
 * broker of a Go plugin for good. Nor are the response's headers waited for, which Go sends with its first message only.
 */
export class HostInfoStream implements InfoStream {
  readonly #call: BidiCall<ConnInfo, ConnInfo>;
  readonly #schedule: Schedule;
  /** Of the sends that are under way. (Not one promise for all: who races with it is kept by it.) */
  readonly #sending = new Set<(reason: PluginError) => void>();
  #failure: PluginError | undefined;

  constructor(connection: ClientConnection, schedule: Schedule = scheduleTimer) {
    this.#call = connection.bidi(startStreamMethod);
    this.#schedule = schedule;
  }

  start(listener: InfoListener): void {
    void this.#receive(listener);
  }

  async send(info: ConnInfo): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    const cancel = this.#schedule(() => fail(notRead()), BROKER_TIMEOUT_MS);
    this.#sending.add(fail);
    try {
      await Promise.race([this.#call.send(info), failed]);
    } catch (error) {
      if (PluginError.is(error)) throw error;
      throw this.#failure ?? brokerClosed(error);
    } finally {
      cancel();
      this.#sending.delete(fail);
    }
  }

  close(reason: PluginError): void {
    this.#fail(reason);
    this.#call.cancel();
  }

  async #receive(listener: InfoListener): Promise<void> {
    let cause: unknown;
    try {
      for await (const info of this.#call) listener.onInfo(info);
    } catch (error) {
      cause = error;
    }
    if (this.#failure !== undefined) return;
    // A lost connection: the plugin's end will give the reason.
    if (GrpcError.is(cause, "UNAVAILABLE") || GrpcError.is(cause, "CANCELLED")) return this.#fail(brokerClosed(cause));
    const reason = unavailable(cause);
    this.#fail(reason);
    listener.onUnavailable(reason);
  }

  #fail(reason: PluginError): void {
    this.#failure ??= reason;
    for (const fail of this.#sending) fail(this.#failure);
  }
}

function unavailable(cause: unknown): PluginError {
  if (GrpcError.is(cause, "UNIMPLEMENTED")) {
    return brokerUnavailable("the plugin brokers no connections: it has no service plugin.GRPCBroker", cause);
  }
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  return brokerUnavailable(
    `the plugin has ended its broker's stream${reason} (plugins made with Go's library do so for every host but their first)`,
    cause,
  );
}

function notRead(): PluginError {
  return brokerUnavailable(`the plugin has not read its broker's stream for ${BROKER_TIMEOUT_MS} ms`);
}

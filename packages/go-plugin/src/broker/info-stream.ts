import type { ConnInfo } from "../protocol/conn-info.ts";
import type { PluginError } from "../plugin-error.ts";

/**
 * The stream over which host and plugin tell each other about brokered connections (plugin.GRPCBroker/StartStream): the
 * host opens it right after connecting, the plugin serves it. What is said on it is up to the broker, plain or
 * multiplexed.
 */
export interface InfoStream {
  /** Once, before anything is sent: from now on the listener hears of what arrives. */
  start(listener: InfoListener): void;
  /**
   * Resolves when the stream has taken it. Rejects with `ERR_BROKER_UNAVAILABLE` when the other side has no such stream
   * or does not read it, `ERR_BROKER_CLOSED` after the end.
   */
  send(info: ConnInfo): Promise<void>;
  /** What waits to be sent fails with the reason. Idempotent. */
  close(reason: PluginError): void;
}

/** Hears of what the other side says. Its methods must not throw. */
export interface InfoListener {
  onInfo(info: ConnInfo): void;
  /** There is no broker on the other side, and there will be none: nothing more arrives or can be sent. */
  onUnavailable(reason: PluginError): void;
  /** Another peer took the stream over: what the former one said is void. */
  onTakeover(): void;
}

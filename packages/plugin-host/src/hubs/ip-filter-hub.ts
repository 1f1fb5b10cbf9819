import type { RpcOptions } from "@fairlead/plugin-sdk/client";

/** Whether a client may connect. The reason is for the log: what refused it, and in which words. */
export type IpVerdict = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };

/** The server's door to its ipfilter plugins. */
export interface IpFilterHub {
  /** False when there is none: every client is allowed. */
  readonly isConfigured: boolean;
  /**
   * Asks all of them at once; one refusal refuses, and so does one that runs and does not answer within 20 seconds, or
   * answers nonsense. One that is known not to run allows or refuses as its `on_unavailable` says. Never rejects.
   */
  check(ip: string, protocol: string, options?: RpcOptions): Promise<IpVerdict>;
  /** Lets every running one read its lists again. Failures are logged; never rejects. */
  reload(): Promise<void>;
}

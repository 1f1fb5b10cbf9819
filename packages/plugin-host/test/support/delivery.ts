import assert from "node:assert/strict";
import { GrpcError } from "@fairlead/plugin-sdk/client";
import type { NotifierClient, SendOptions } from "@fairlead/plugin-sdk/client";
import { defaultDeliveryPolicy } from "../../src/delivery/delivery-policy.ts";
import type { DeliveryPolicy } from "../../src/delivery/delivery-policy.ts";
import { NotifierDelivery } from "../../src/delivery/notifier-delivery.ts";
import type { PluginJournal } from "../../src/journal/journal-stream.ts";
import { login, upload } from "./events.ts";
import { FakeClock } from "./fake-clock.ts";
import { createMemoryLogger } from "./memory-logger.ts";

/** A call the plugin got. */
export interface Call {
  /** `user/path`, or `user #event ip`. */
  readonly what: string;
  readonly options: SendOptions;
  succeed(): void;
  fail(error?: unknown): void;
}

export interface DeliverySetup {
  readonly retryMaxTimeS?: number;
  readonly retryQueueMaxSize?: number;
  readonly policy?: Partial<DeliveryPolicy>;
  readonly journal?: PluginJournal;
}

/** A delivery whose plugin is up and answers when the test says so. */
export function setUpDelivery({ retryMaxTimeS = 0, retryQueueMaxSize = 0, policy = {}, journal }: DeliverySetup = {}) {
  const clock = new FakeClock();
  const logger = createMemoryLogger();
  const calls: Call[] = [];
  const connection = { open: true };
  const record = (what: string, options: SendOptions = {}): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (error: unknown = new GrpcError("UNKNOWN", "no")): void => reject(error);
    calls.push({ what, options, succeed: resolve, fail });
    return promise;
  };
  const client: NotifierClient = {
    get connected() {
      return connection.open;
    },
    sendFsEvent: (event, options) => record(`${event.username}${event.virtualPath}`, options),
    sendLogEvent: ({ username, event, ip }, options) => record(`${username} #${event} ${ip}`, options),
    sendProviderEvent: () => assert.fail("not expected"),
  };
  const delivery = new NotifierDelivery({
    notifierOptions: { retryMaxTimeS, retryQueueMaxSize },
    policy: { ...defaultDeliveryPolicy, ...policy },
    journal,
    clock,
    defer: setImmediate,
    random: () => 0.5,
    logger,
  });
  let sequence = 0;
  const nowNs = (): bigint => BigInt(clock.wallMs()) * 1_000_000n;
  const offer = (username: string, path: string): void =>
    delivery.offer(upload(username, path, { timestampNs: nowNs() }), `id-${sequence++}`);
  const offerLog = (username: string, event: number, ip = "192.0.2.1"): void =>
    delivery.offer(login(username, event, { ip, timestampNs: nowNs() }), `id-${sequence++}`);
  const up = (): void => delivery.setAvailability({ status: "up", client });
  const down = (startFailed = false): void => delivery.setAvailability({ status: "down", startFailed });
  const whats = (): readonly string[] => calls.map(({ what }) => what);
  const reasons = (): readonly unknown[] =>
    logger.lines.filter(({ message }) => message === "events dropped").map(({ fields }) => fields["reason"]);
  up();
  return { clock, logger, connection, calls, delivery, offer, offerLog, up, down, whats, reasons };
}

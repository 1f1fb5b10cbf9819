import type { NotifierOptions } from "../config/plugin-config.ts";
import { createEventFilter } from "../delivery/event-filter.ts";
import type { EventFilter } from "../delivery/event-filter.ts";
import { NotifierDelivery } from "../delivery/notifier-delivery.ts";
import type { NotifierDeliveryOptions } from "../delivery/notifier-delivery.ts";

export type NotifierWorkOptions = Omit<NotifierDeliveryOptions, "notifierOptions">;

/** Which events an entry gets and the way they take to it; both outlive its process, and a change of its options. */
export class NotifierWork {
  readonly delivery: NotifierDelivery;
  #options: NotifierOptions;
  #filter: EventFilter;

  constructor(notifierOptions: NotifierOptions, options: NotifierWorkOptions) {
    this.#options = notifierOptions;
    this.#filter = createEventFilter(notifierOptions);
    const current = (): NotifierOptions => this.#options;
    this.delivery = new NotifierDelivery({
      ...options,
      notifierOptions: {
        get retryMaxTimeS() {
          return current().retryMaxTimeS;
        },
        get retryQueueMaxSize() {
          return current().retryQueueMaxSize;
        },
      },
    });
  }

  get filter(): EventFilter {
    return this.#filter;
  }

  /** Counts for what is published from now on; what waits already is tried again by the new rules. */
  configure(notifierOptions: NotifierOptions): void {
    this.#options = notifierOptions;
    this.#filter = createEventFilter(notifierOptions);
  }
}

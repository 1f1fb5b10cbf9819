import type { Logger } from "@fairlead/go-plugin";
import type { PluginConfig } from "../config/plugin-config.ts";
import { formatPluginLabel } from "../hubs/plugin-route.ts";
import { PluginHostError } from "../plugin-host-error.ts";
import type { Clock } from "../supervisor/clock.ts";
import { EventJournal } from "./event-journal.ts";
import type { JournalStatus } from "./event-journal.ts";
import { identifyPlugins } from "./identify-plugins.ts";
import type { JournalOptions } from "./journal-options.ts";
import type { PluginJournal } from "./journal-stream.ts";
import { ThreadBackend } from "./thread-backend.ts";

export interface JournalKeeperOptions {
  /** `undefined`: no entry may have `delivery: "journal"`. */
  readonly journal: JournalOptions | undefined;
  readonly clock: Clock;
  readonly defer: (callback: () => void) => void;
  readonly logger: Logger;
}

const defaultMaxBytes = 512 * 1024 * 1024;
const defaultMaxAgeMs = 7 * 24 * 3_600_000;

/** Opens the journal for the first configuration that needs it: others pay nothing for it. */
export class JournalKeeper {
  readonly #options: JournalKeeperOptions;
  readonly #journals = new WeakMap<PluginConfig, PluginJournal>();
  #opening: Promise<EventJournal> | undefined;
  #journal: EventJournal | undefined;
  #closed = false;

  constructor(options: JournalKeeperOptions) {
    this.#options = options;
  }

  /** `undefined` while no entry has needed it. */
  get status(): JournalStatus | undefined {
    return this.#journal?.status;
  }

  /**
   * Makes {@link journalOf} know the entries of a configuration. Rejects with `ERR_JOURNAL`, and with `ERR_PLUGINS_STOPPED`
   * once it is closed.
   *
   * @param goingOn what entries that run have of the journal, by what their configuration becomes
   */
  async prepare(
    configs: readonly PluginConfig[],
    goingOn: ReadonlyMap<PluginConfig, PluginJournal> = new Map(),
  ): Promise<void> {
    const notifiers = configs.filter(({ type }) => type === "notifier");
    const keys = identifyPlugins(notifiers);
    const keyed = notifiers.map((config, index) => ({ config, key: keys[index]!, before: goingOn.get(config) }));
    const journaled = keyed.filter(({ config }) => config.fairlead.delivery === "journal");
    const [first] = journaled;
    if (first === undefined && this.#journal === undefined) return;
    if (this.#closed) throw new PluginHostError("ERR_PLUGINS_STOPPED", "the event journal of this host is closed");
    this.#journal ??= await this.#openOnce(first!.config, configs.indexOf(first!.config));
    const opened = this.#journal.openPlugins(
      journaled.map(({ key }) => key),
      new Map(keyed.flatMap(({ key, before }) => (before === undefined ? [] : [[key, before] as const]))),
    );
    for (const [index, { config }] of journaled.entries()) this.#journals.set(config, opened[index]!);
  }

  /** What a prepared entry has of the journal; `undefined` for one whose events are in memory only. */
  journalOf(config: PluginConfig): PluginJournal | undefined {
    return this.#journals.get(config);
  }

  /** After the plugins have stopped. Idempotent; never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    const journal = await this.#opening?.catch(() => undefined /* who asked for it knows */);
    await journal?.close();
  }

  async #openOnce(config: PluginConfig, index: number): Promise<EventJournal> {
    this.#opening = this.#open(config, index);
    return await this.#opening;
  }

  async #open(config: PluginConfig, index: number): Promise<EventJournal> {
    const { journal, clock, defer, logger } = this.#options;
    if (journal === undefined) {
      throw new PluginHostError(
        "ERR_JOURNAL",
        `${formatPluginLabel(index, config)} has delivery "journal", and this host has been given no journal`,
        { details: { index } },
      );
    }
    const { file, maxBytes = defaultMaxBytes, maxAgeMs = defaultMaxAgeMs, whenFull = "drop-oldest" } = journal;
    const opened = await EventJournal.open({
      file,
      maxAgeMs,
      whenFailing: journal.whenFailing ?? "memory",
      backend: new ThreadBackend({ file, maxBytes, whenFull }),
      clock,
      defer,
      logger,
    });
    logger.log("info", "event journal opened", { file, usedBytes: opened.status.usedBytes });
    return opened;
  }
}

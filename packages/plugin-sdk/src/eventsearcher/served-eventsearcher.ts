import { EVENTSEARCHER_HANDSHAKE } from "../handshakes.ts";
import type { ServedKind } from "../serve/served-kind.ts";
import { describeEventSearcher } from "./describe-eventsearcher.ts";
import type { EventSearcherHandlers } from "./eventsearcher-handlers.ts";
import { eventSearcherKind } from "./eventsearcher-kind.ts";

/** What serving event searchers takes. */
export const servedEventSearcher: ServedKind<EventSearcherHandlers> = {
  type: "eventsearcher",
  handshake: EVENTSEARCHER_HANDSHAKE,
  kind: eventSearcherKind,
  describe: describeEventSearcher,
};

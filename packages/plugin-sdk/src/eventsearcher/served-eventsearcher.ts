import type { LoadedKind } from "../serve/kind-serving.ts";
import { describeEventSearcher } from "./describe-eventsearcher.ts";
import type { EventSearcherHandlers } from "./eventsearcher-handlers.ts";
import { eventSearcherKind } from "./eventsearcher-kind.ts";

/** What serving event searchers takes. */
export const servedEventSearcher: LoadedKind<EventSearcherHandlers> = {
  kind: eventSearcherKind,
  describe: describeEventSearcher,
};

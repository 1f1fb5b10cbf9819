import type { PluginSelfDescription } from "../serve/run-by-hand.ts";
import type { EventSearcherHandlers } from "./eventsearcher-handlers.ts";

/** What a person is told who runs an event searcher by hand. */
export function describeEventSearcher(handlers: EventSearcherHandlers | undefined): PluginSelfDescription {
  const findsNothing =
    handlers !== undefined && !handlers.searchFsEvents && !handlers.searchProviderEvents && !handlers.searchLogEvents;
  return {
    type: "eventsearcher",
    purpose: "looks up what happened on the server, for its log pages and GET /api/v2/events",
    ...(findsNothing && {
      missing:
        "It has no handlers yet: give it searchFsEvents, searchProviderEvents or searchLogEvents, or every search fails.",
    }),
    options: {},
  };
}

import { defineMethod } from "@fairlead/grpc";
import {
  FsEventsFilter as WireFsEventsFilter,
  LogEventsFilter as WireLogEventsFilter,
  ProviderEventsFilter as WireProviderEventsFilter,
  SearchResponse as WireSearchResponse,
} from "../gen/eventsearcher/eventsearcher.ts";
import { createCodec } from "../rpc/codecs.ts";
import {
  fromWireFsEventsFilter,
  fromWireLogEventsFilter,
  fromWireProviderEventsFilter,
  toWireFsEventsFilter,
  toWireLogEventsFilter,
  toWireProviderEventsFilter,
} from "./filter-converters.ts";

const fsEventsFilter = createCodec(WireFsEventsFilter, toWireFsEventsFilter, fromWireFsEventsFilter);

const providerEventsFilter = createCodec(
  WireProviderEventsFilter,
  toWireProviderEventsFilter,
  fromWireProviderEventsFilter,
);

const logEventsFilter = createCodec(WireLogEventsFilter, toWireLogEventsFilter, fromWireLogEventsFilter);

/** The answer's JSON, unread. */
const answer = createCodec<WireSearchResponse, Uint8Array>(
  WireSearchResponse,
  (data) => ({ data }),
  // Decoded bytes are a view of the receive buffer, which is used again. (A Buffer's slice() is a view, too.)
  ({ data }) => new Uint8Array(data),
);

/** The service `proto.Searcher`, on domain types. */
export const eventSearcherMethods = {
  searchFsEvents: defineMethod("unary", "/proto.Searcher/SearchFsEvents", fsEventsFilter, answer),
  searchProviderEvents: defineMethod("unary", "/proto.Searcher/SearchProviderEvents", providerEventsFilter, answer),
  searchLogEvents: defineMethod("unary", "/proto.Searcher/SearchLogEvents", logEventsFilter, answer),
} as const;

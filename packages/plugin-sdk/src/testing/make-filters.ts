import type { EventsFilter, FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "../eventsearcher/filters.ts";

// What SFTPGo asks for without any parameter.
const noConditions: EventsFilter = {
  startTimestampNs: undefined,
  endTimestampNs: undefined,
  username: "",
  ip: "",
  instanceIds: [],
  fromId: "",
  limit: 100,
  order: "descending",
  role: "",
};

/** A search for file events; without changes, for the newest 100. */
export function makeFsEventsFilter(changes: Partial<FsEventsFilter> = {}): FsEventsFilter {
  return {
    ...noConditions,
    actions: [],
    sshCmd: "",
    protocols: [],
    statuses: [],
    fsProvider: undefined,
    bucket: "",
    endpoint: "",
    ...changes,
  };
}

/** A search for changes of stored objects; without changes, for the newest 100. */
export function makeProviderEventsFilter(changes: Partial<ProviderEventsFilter> = {}): ProviderEventsFilter {
  return { ...noConditions, actions: [], objectTypes: [], objectName: "", omitObjectData: false, ...changes };
}

/** A search for logins; without changes, for the newest 100. */
export function makeLogEventsFilter(changes: Partial<LogEventsFilter> = {}): LogEventsFilter {
  return { ...noConditions, events: [], protocols: [], ...changes };
}

import type {
  FsEventsFilter as WireFsEventsFilter,
  LogEventsFilter as WireLogEventsFilter,
  ProviderEventsFilter as WireProviderEventsFilter,
} from "../gen/eventsearcher/eventsearcher.ts";
import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter, SearchOrder } from "./filters.ts";

// Objects are written out field by field: a field added to either side and forgotten here does not compile.

/** What 0 is for the other numbers: no condition. */
const ANY_FS_PROVIDER = -1;

export function toWireFsEventsFilter(filter: FsEventsFilter): WireFsEventsFilter {
  return {
    startTimestamp: filter.startTimestampNs ?? 0n,
    endTimestamp: filter.endTimestampNs ?? 0n,
    actions: [...filter.actions],
    username: filter.username,
    ip: filter.ip,
    sshCmd: filter.sshCmd,
    protocols: [...filter.protocols],
    statuses: [...filter.statuses],
    instanceIds: [...filter.instanceIds],
    limit: filter.limit,
    fromId: filter.fromId,
    fsProvider: filter.fsProvider ?? ANY_FS_PROVIDER,
    bucket: filter.bucket,
    endpoint: filter.endpoint,
    order: toWireOrder(filter.order),
    role: filter.role,
  };
}

export function fromWireFsEventsFilter(filter: WireFsEventsFilter): FsEventsFilter {
  return {
    startTimestampNs: fromWireTimestamp(filter.startTimestamp),
    endTimestampNs: fromWireTimestamp(filter.endTimestamp),
    username: filter.username,
    ip: filter.ip,
    instanceIds: filter.instanceIds,
    fromId: filter.fromId,
    limit: filter.limit,
    order: fromWireOrder(filter.order),
    role: filter.role,
    actions: filter.actions,
    sshCmd: filter.sshCmd,
    protocols: filter.protocols,
    statuses: filter.statuses,
    fsProvider: filter.fsProvider < 0 ? undefined : filter.fsProvider,
    bucket: filter.bucket,
    endpoint: filter.endpoint,
  };
}

export function toWireProviderEventsFilter(filter: ProviderEventsFilter): WireProviderEventsFilter {
  return {
    startTimestamp: filter.startTimestampNs ?? 0n,
    endTimestamp: filter.endTimestampNs ?? 0n,
    actions: [...filter.actions],
    username: filter.username,
    ip: filter.ip,
    objectTypes: [...filter.objectTypes],
    objectName: filter.objectName,
    instanceIds: [...filter.instanceIds],
    limit: filter.limit,
    fromId: filter.fromId,
    order: toWireOrder(filter.order),
    role: filter.role,
    omitObjectData: filter.omitObjectData,
  };
}

export function fromWireProviderEventsFilter(filter: WireProviderEventsFilter): ProviderEventsFilter {
  return {
    startTimestampNs: fromWireTimestamp(filter.startTimestamp),
    endTimestampNs: fromWireTimestamp(filter.endTimestamp),
    username: filter.username,
    ip: filter.ip,
    instanceIds: filter.instanceIds,
    fromId: filter.fromId,
    limit: filter.limit,
    order: fromWireOrder(filter.order),
    role: filter.role,
    actions: filter.actions,
    objectTypes: filter.objectTypes,
    objectName: filter.objectName,
    omitObjectData: filter.omitObjectData,
  };
}

export function toWireLogEventsFilter(filter: LogEventsFilter): WireLogEventsFilter {
  return {
    startTimestamp: filter.startTimestampNs ?? 0n,
    endTimestamp: filter.endTimestampNs ?? 0n,
    events: [...filter.events],
    username: filter.username,
    ip: filter.ip,
    protocols: [...filter.protocols],
    instanceIds: [...filter.instanceIds],
    limit: filter.limit,
    fromId: filter.fromId,
    order: toWireOrder(filter.order),
    role: filter.role,
  };
}

export function fromWireLogEventsFilter(filter: WireLogEventsFilter): LogEventsFilter {
  return {
    startTimestampNs: fromWireTimestamp(filter.startTimestamp),
    endTimestampNs: fromWireTimestamp(filter.endTimestamp),
    username: filter.username,
    ip: filter.ip,
    instanceIds: filter.instanceIds,
    fromId: filter.fromId,
    limit: filter.limit,
    order: fromWireOrder(filter.order),
    role: filter.role,
    events: filter.events,
    protocols: filter.protocols,
  };
}

/** Negative ones stay: SFTPGo passes on whatever an administrator asks for. */
function fromWireTimestamp(timestamp: bigint): bigint | undefined {
  return timestamp === 0n ? undefined : timestamp;
}

const DESCENDING = 0;
const ASCENDING = 1;

function toWireOrder(order: SearchOrder): typeof ASCENDING | typeof DESCENDING {
  return order === "ascending" ? ASCENDING : DESCENDING;
}

function fromWireOrder(order: number): SearchOrder {
  return order === ASCENDING ? "ascending" : "descending";
}

import type { FsEventsFilter, LogEventsFilter, ProviderEventsFilter } from "@fairlead/plugin-sdk/client";

/** A filter as encoding/json writes the sdk's struct of it: what the Go programs read and record. */
export function fsFilterJson(filter: FsEventsFilter): object {
  return {
    ...commonJson(filter),
    Actions: filter.actions,
    SSHCmd: filter.sshCmd,
    Protocols: filter.protocols,
    Statuses: filter.statuses,
    FsProvider: filter.fsProvider ?? -1,
    Bucket: filter.bucket,
    Endpoint: filter.endpoint,
  };
}

export function providerFilterJson(filter: ProviderEventsFilter): object {
  return {
    ...commonJson(filter),
    Actions: filter.actions,
    ObjectName: filter.objectName,
    ObjectTypes: filter.objectTypes,
    OmitObjectData: filter.omitObjectData,
  };
}

export function logFilterJson(filter: LogEventsFilter): object {
  return { ...commonJson(filter), Events: filter.events, Protocols: filter.protocols };
}

function commonJson(filter: FsEventsFilter | LogEventsFilter | ProviderEventsFilter): object {
  return {
    StartTimestamp: rawNumber(filter.startTimestampNs ?? 0n),
    EndTimestamp: rawNumber(filter.endTimestampNs ?? 0n),
    Username: filter.username,
    IP: filter.ip,
    InstanceIDs: filter.instanceIds,
    FromID: filter.fromId,
    Limit: filter.limit,
    Order: filter.order === "ascending" ? 1 : 0,
    Role: filter.role,
  };
}

function rawNumber(value: bigint): unknown {
  // TypeScript's library does not declare it yet; Node 24 has it.
  const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
  return rawJSON(String(value));
}

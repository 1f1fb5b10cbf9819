import type { NotifierOptions } from "./plugin-config.ts";

/** Names SFTPGo has; others are accepted and never happen. */
const NAMES = {
  fs_events: names(
    "download first-download pre-download upload first-upload pre-upload delete pre-delete rename mkdir rmdir copy ssh_cmd",
  ),
  provider_events: names("add update delete"),
  provider_objects: names("user folder group admin api_key share event_action event_rule role ip_list_entry configs"),
  log_events: new Set([1, 2, 3, 4, 5]),
} as const;

export interface UnknownEvent {
  readonly path: readonly string[];
  readonly name: string | number;
}

/** The names in the lists of a notifier that select nothing. */
export function unknownEvents(options: NotifierOptions): readonly UnknownEvent[] {
  return [
    ...unknownIn("fs_events", options.fsEvents, NAMES.fs_events),
    ...unknownIn("provider_events", options.providerEvents, NAMES.provider_events),
    ...unknownIn("provider_objects", options.providerObjects, NAMES.provider_objects),
    ...unknownIn("log_events", options.logEvents, NAMES.log_events),
  ];
}

function unknownIn<Name extends string | number>(
  key: string,
  listed: readonly Name[],
  known: ReadonlySet<Name>,
): readonly UnknownEvent[] {
  return listed.filter((name) => !known.has(name)).map((name) => ({ path: ["notifier_options", key], name }));
}

function names(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

import type { FsEvent, LogEvent, ProviderEvent } from "@fairlead/plugin-sdk/client";

/** Anything the server may tell its notifier plugins. */
export type HostEvent =
  | { readonly kind: "fs"; readonly event: FsEvent }
  | { readonly kind: "provider"; readonly event: ProviderEvent }
  | { readonly kind: "log"; readonly event: LogEvent };

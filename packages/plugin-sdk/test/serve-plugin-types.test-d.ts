/** What compiles and what does not: settings, plugins of several kinds, event searchers. Read by tsc, never run. */
import { allowed, defineSettings, Secret, serveEventSearcher, servePlugin } from "@fairlead/plugin-sdk";
import type { FsEventRow, FsEventsFilter, StartContext, ValuesOf } from "@fairlead/plugin-sdk";
import type { eventSearcherKind, parseFsEvents } from "@fairlead/plugin-sdk/client";
import type { AuthClient, EventSearcherClient, NotifierClient } from "@fairlead/plugin-sdk/client";
import { connectEventSearcher, makeFsEventsFilter, spawnPlugin } from "@fairlead/plugin-sdk/testing";
import type { ClientOf } from "@fairlead/go-plugin/host";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when both are the same type; `any` is the same as nothing but itself. */
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

const description = "";
const settings = defineSettings(
  {
    given: { type: "string", required: true, description },
    absent: { type: "string", description },
    defaulted: { type: "string", default: "x", description },
    secret: { type: "string", secret: true, description },
    givenSecret: { type: "string", secret: true, required: true, description },
    plain: { type: "string", secret: false, default: "", description },
    count: { type: "integer", default: 1, min: 0, max: 9, description },
    size: { type: "bigint", description },
    on: { type: "boolean", description },
    wait: { type: "duration", default: "1m30s", description },
    names: { type: "list", description },
    mode: { type: "choice", choices: ["fast", "safe"], default: "safe", description },
    side: { type: "choice", choices: ["left", "right"], description },
  },
  { envPrefix: "X", command: "serve" },
);

void servePlugin({
  settings,
  start(values, context) {
    same<typeof values, ValuesOf<typeof settings>>();
    same<typeof context, StartContext>();
    same<typeof values.given, string>();
    same<typeof values.absent, string | undefined>();
    same<typeof values.defaulted, string>();
    same<typeof values.secret, Secret | undefined>();
    same<typeof values.givenSecret, Secret>();
    same<typeof values.plain, string>();
    same<typeof values.count, number>();
    same<typeof values.size, bigint | undefined>();
    same<typeof values.on, boolean>();
    same<typeof values.wait, number>();
    same<typeof values.names, readonly string[]>();
    same<typeof values.mode, "fast" | "safe">();
    same<typeof values.side, "left" | "right" | undefined>();
    // @ts-expect-error no such setting
    void values.other;
    // @ts-expect-error values are what they are
    values.on = true;
  },
  notifier: ({ given }, { logger }) => ({
    onFsEvent: (event) => logger.log("info", given, { path: event.virtualPath }),
  }),
  eventSearcher: {
    searchFsEvents(filter) {
      same<typeof filter, FsEventsFilter>();
      return [];
    },
  },
  gate: async () => await Promise.resolve({ check: () => allowed() }),
});

// Without settings, kinds may still be made by functions.
void servePlugin({
  name: "x",
  version: "1",
  ipFilter: (_none, { logger }) => (logger.log("info", ""), { check: () => ({ outcome: "allowed" }) }),
});
// @ts-expect-error no such kind
void servePlugin({ searcher: {} });
// @ts-expect-error no such handler
void servePlugin({ notifier: { onEvent() {} } });
// @ts-expect-error what makes handlers makes those of its kind
void servePlugin({ notifier: () => ({ checkPassword() {} }) });
// @ts-expect-error settings are declared
void servePlugin({ settings: { url: "x" }, notifier: {} });

// @ts-expect-error a required setting has no default
defineSettings({ a: { type: "string", required: true, default: "x", description } });
// @ts-expect-error every setting says what it is for
defineSettings({ a: { type: "string" } });
// @ts-expect-error no such type
defineSettings({ a: { type: "float", description } });
// @ts-expect-error a default is of its setting's type
defineSettings({ a: { type: "integer", default: "1", description } });
// @ts-expect-error only texts are secrets
defineSettings({ a: { type: "integer", secret: true, description } });
// @ts-expect-error choices are said
defineSettings({ a: { type: "choice", description } });

const secret = new Secret("x");
// @ts-expect-error a secret is no text
const text: string = secret;
void text;

declare const row: FsEventRow;
void serveEventSearcher({ searchFsEvents: async () => await Promise.resolve([row]) });
// @ts-expect-error rows need their ids
void serveEventSearcher({ searchFsEvents: ({ limit }) => [{ timestampNs: 1n, limit }] });
// @ts-expect-error times are bigint
void serveEventSearcher({ searchFsEvents: () => [{ ...row, timestampNs: 1 }] });
same<ClientOf<typeof eventSearcherKind>, EventSearcherClient>();
same<ReturnType<typeof parseFsEvents>, readonly Required<FsEventRow>[]>();

const { client } = await connectEventSearcher({ searchFsEvents: () => [row] });
same<typeof client, EventSearcherClient>();
await client.searchFsEvents(makeFsEventsFilter({ order: "ascending" }));
// @ts-expect-error no such order
makeFsEventsFilter({ order: "ASC" });

const plugin = await spawnPlugin({ command: "x", kinds: ["notifier", "auth"] });
same<typeof plugin.clients.notifier, NotifierClient>();
same<typeof plugin.clients.auth, AuthClient>();
// @ts-expect-error it was not started for it
void plugin.clients.kms;
// @ts-expect-error for nothing there is nothing to start
await spawnPlugin({ command: "x", kinds: [] });
// @ts-expect-error no such type
await spawnPlugin({ command: "x", kinds: ["searcher"] });

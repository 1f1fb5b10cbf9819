/** What compiles and what does not: notifiers, on both sides. Read by tsc, never run. */
import type { ClientOf } from "@fairlead/go-plugin/host";
import { provide } from "@fairlead/go-plugin/serve";
import { serveNotifier } from "@fairlead/plugin-sdk";
import type { EventContext, FsEvent } from "@fairlead/plugin-sdk";
import { type NOTIFIER_PROTOCOL_VERSION, notifierKind } from "@fairlead/plugin-sdk/client";
import type { NotifierClient } from "@fairlead/plugin-sdk/client";
import { connectNotifier } from "@fairlead/plugin-sdk/testing";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when both are the same type; `any` is the same as nothing but itself. */
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

// Every handler is optional; events and contexts come typed.
void serveNotifier({});
void serveNotifier({
  onFsEvent(event, context) {
    same<typeof event, FsEvent>();
    same<typeof context, EventContext>();
  },
  onLogEvent: async (event, { signal }) => void (await fetch(event.ip, { signal })),
});
// @ts-expect-error no such event
void serveNotifier({ onEvent() {} });
// @ts-expect-error nothing but success or failure can be answered
void serveNotifier({ onFsEvent: () => 1 });

provide(notifierKind, { onFsEvent() {} });
// @ts-expect-error no such event
provide(notifierKind, { onEvent() {} });

same<ClientOf<typeof notifierKind>, NotifierClient>();
same<typeof NOTIFIER_PROTOCOL_VERSION, 1>();

const { client: notifier } = await connectNotifier({ onFsEvent() {} });
same<typeof notifier, NotifierClient>();
declare const event: FsEvent;
await notifier.sendFsEvent(event, { timeoutMs: 1 });
// @ts-expect-error another event
await notifier.sendLogEvent(event);
// @ts-expect-error sizes are bigint
await notifier.sendFsEvent({ ...event, fileSizeBytes: 1 });

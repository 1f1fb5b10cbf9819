export { connectNotifier } from "./connect-notifier.ts";
export type { ConnectedNotifier } from "./connect-notifier.ts";
export { makeFsEvent, makeLogEvent, makeProviderEvent } from "./make-events.ts";

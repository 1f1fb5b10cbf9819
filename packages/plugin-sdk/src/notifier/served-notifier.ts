import type { LoadedKind } from "../serve/kind-serving.ts";
import { describeNotifier } from "./describe-notifier.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { notifierKind } from "./notifier-kind.ts";

/** What serving notifiers takes. */
export const servedNotifier: LoadedKind<NotifierHandlers> = { kind: notifierKind, describe: describeNotifier };

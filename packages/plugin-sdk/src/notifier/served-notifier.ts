import { NOTIFIER_HANDSHAKE } from "../handshakes.ts";
import type { ServedKind } from "../serve/served-kind.ts";
import { describeNotifier } from "./describe-notifier.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { notifierKind } from "./notifier-kind.ts";

/** What serving notifiers takes. */
export const servedNotifier: ServedKind<NotifierHandlers> = {
  type: "notifier",
  handshake: NOTIFIER_HANDSHAKE,
  kind: notifierKind,
  describe: describeNotifier,
};

import { provide, serve } from "@fairlead/go-plugin/serve";
import { NOTIFIER_HANDSHAKE } from "../handshakes.ts";
import type { PluginLifecycle } from "../plugin-lifecycle.ts";
import { describeOwnExecutable, formatRunByHandText } from "../serve/run-by-hand.ts";
import { describeNotifier } from "./describe-notifier.ts";
import type { NotifierHandlers } from "./notifier-handlers.ts";
import { NOTIFIER_PROTOCOL_VERSION, notifierKind } from "./notifier-kind.ts";

/**
 * Makes this process a notifier plugin: a whole plugin is `await serveNotifier({ onFsEvent(event) { … } })`.
 *
 * Handlers of one user's events are called in order by Fairlead; SFTPGo sends up to 250 events at once in no order. The
 * process ends when the server says so, with exit code 0. Started by a person instead of a server, it explains on stderr
 * what it is and how to configure it, and exits with 1.
 */
export function serveNotifier(plugin: NotifierHandlers & PluginLifecycle): Promise<never> {
  if (process.env[NOTIFIER_HANDSHAKE.key] !== NOTIFIER_HANDSHAKE.value) {
    process.stderr.write(formatRunByHandText(describeNotifier(plugin), describeOwnExecutable()));
  }
  return serve({
    handshake: NOTIFIER_HANDSHAKE,
    versions: { [NOTIFIER_PROTOCOL_VERSION]: [provide(notifierKind, plugin)] },
    start: async () => plugin.start?.(),
    stop: async () => plugin.stop?.(),
  });
}

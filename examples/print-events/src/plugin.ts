import { serveNotifier } from "@fairlead/plugin-sdk";

await serveNotifier({
  onFsEvent(event) {
    const target = event.virtualTargetPath === "" ? "" : ` -> ${shown(event.virtualTargetPath)}`;
    // Fairlead shows what a plugin prints; SFTPGo throws it away: under SFTPGo use `context.logger` instead.
    console.log(
      `${event.action} ${shown(event.virtualPath)}${target} user=${shown(event.username)} size=${event.fileSizeBytes}`,
    );
  },
  onLogEvent(event) {
    const outcome = event.message === "" ? "ok" : shown(event.message);
    console.log(`login user=${shown(event.username)} ip=${event.ip} ${outcome}`);
  },
});

/** Names come from clients: control characters in them must not break the line or steer the terminal. */
function shown(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

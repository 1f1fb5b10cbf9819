/**
 * Our host as a process of its own, the twin of `interop/bench-host`:
 *
 *     rpc-host auto|none plugin-executable
 */
import { launch } from "@fairlead/go-plugin/host";
import { NOTIFIER_HANDSHAKE, notifierKind } from "@fairlead/plugin-sdk/client";
import { benchKind, chunksOf, downloadMethod, echoMethod, uploadMethod } from "./bench-service.ts";
import { runTasks, type RpcHost } from "./rpc-task.ts";
import { uploadEvent } from "./upload-event.ts";

const [tls, command] = process.argv.slice(2);
if ((tls !== "auto" && tls !== "none") || command === undefined) {
  throw new Error("usage: rpc-host auto|none plugin-executable");
}

await runTasks(async (): Promise<RpcHost> => {
  const plugin = await launch({
    command,
    env: { PATH: process.env["PATH"] ?? "" },
    handshake: NOTIFIER_HANDSHAKE,
    versions: { 1: { notifier: notifierKind, bench: benchKind } },
    tls,
  });
  const notifier = plugin.dispense("notifier");
  const bench = plugin.dispense("bench");
  return {
    pluginPid: plugin.pid,
    sendEvent: () => notifier.sendFsEvent(uploadEvent()),
    echo: async (message) => (await bench.unary(echoMethod, message)).length,
    upload: (sizeBytes) => bench.clientStream(uploadMethod, chunksOf(sizeBytes)),
    async download(sizeBytes) {
      let sumBytes = 0;
      for await (const chunk of bench.serverStream(downloadMethod, sizeBytes)) sumBytes += chunk.length;
      return sumBytes;
    },
    stop: async () => void (await plugin.stop()),
  };
});

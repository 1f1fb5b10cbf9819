/**
 * Where the processor time of one call goes, by Linux's perf:
 *
 *     npm run bench:rpc-profile -- host|plugin [auto|none [in-flight [calls]]]
 *
 * Runs our host with our plugin and samples one of the two. Shares are of processor time, so that other work on the
 * machine matters little.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { openTempFolder } from "../interop/temp-folder.ts";
import { classifySamples } from "./harness/classify-samples.ts";
import { TaskHost } from "./harness/task-host.ts";

const [side = "host", tls = "auto", inFlight = "32", count = "60000"] = process.argv.slice(2);
if (side !== "host" && side !== "plugin")
  throw new Error("usage: profile-rpc.ts host|plugin [auto|none [in-flight [calls]]]");

const PROFILED = ["--perf-basic-prof", "--interpreted-frames-native-stack"];

await using folder = await openTempFolder();
const hostFile = await bundlePlugin(join(import.meta.dirname, "harness", "rpc-host.ts"), folder.at("rpc-host"));
const pluginFile = await bundlePlugin(
  join(import.meta.dirname, "fixtures", "bench-plugin.ts"),
  folder.at("bench-plugin"),
);
const wrapper = folder.at("profiled-plugin");
await writeFile(wrapper, `#!/bin/sh\nexec ${process.execPath} ${PROFILED.join(" ")} ${pluginFile}\n`);
await chmod(wrapper, 0o755);

const hostFlags = side === "host" ? PROFILED : [];
await using host = await TaskHost.start(process.execPath, [
  ...hostFlags,
  hostFile,
  tls,
  side === "host" ? pluginFile : wrapper,
]);
const task = { kind: "calls", inFlight: Number(inFlight), count: Number(count) } as const;
for (let round = 0; round < 3; round++) await host.measure(task);
const pid = side === "host" ? host.hostPid : host.pluginPid;
const samples = folder.at("perf.data");
const perf = spawn("perf", ["record", "-F", "4000", "--call-graph", "fp", "-p", String(pid), "-o", samples], {
  stdio: "ignore",
});
await once(perf, "spawn");
await delay(1_000);
const result = await host.measure(task);
perf.kill("SIGINT");
await once(perf, "close");
const { stdout } = await promisify(execFile)("perf", ["script", "-i", samples, "-F", "comm,ip,sym,dso"], {
  maxBuffer: 2 ** 30,
});
await rm(`/tmp/perf-${pid}.map`, { force: true });

const bundle = await readFile(side === "host" ? hostFile : pluginFile, "utf8");
const usPerCall = side === "host" ? result.cpuUsPerCall : result.pluginCpuUsPerCall;
console.log(
  `${side}, ${tls === "auto" ? "AutoMTLS" : "plaintext"}, ${inFlight} in flight: ${usPerCall.toFixed(1)} us of processor time a call`,
);
for (const { what, share } of classifySamples(stdout, bundle)) {
  console.log(`  ${(share * usPerCall).toFixed(2).padStart(6)} us  ${(share * 100).toFixed(1).padStart(5)} %  ${what}`);
}

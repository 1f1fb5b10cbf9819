/** What the server does with plugins as it starts, runs and ends: refusals, checksums, environment, signals. */
import { once } from "node:events";
import { readFile, rename, truncate } from "node:fs/promises";
import { createServer } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { isAlive } from "../../e2e/harness/processes.ts";
import { nodeExecutable } from "../../e2e/harness/repository.ts";
import { waitFor } from "../../e2e/harness/wait-for.ts";
import { pythonWithParamiko, runRecorded } from "../harness/clients.ts";
import { recordingOf } from "../harness/situation.ts";
import { probeChecksum, scriptEntry, type Startup, startupGroup, untilStarted } from "../harness/startup.ts";
import { notifierEntry } from "../harness/stage.ts";

const checksum = await probeChecksum();
const notifier = notifierEntry;
const auth = (scope: number): Startup => ({
  plugins: [{ type: "auth", cmd: "probe-auth", auto_mtls: true, auth_options: { scope } }],
});
const kms = (scheme: string, status: string): Startup => ({
  plugins: [{ type: "kms", cmd: "probe-kms", auto_mtls: true, kms_options: { scheme, encrypted_status: status } }],
});
const ipfilter = (cmd: string): Record<string, unknown> => ({ type: "ipfilter", cmd, auto_mtls: true });

/** A script in place of the plugin. A minute of patience would make this the longest test there is. */
function script(
  name: string,
  text: string,
  says: readonly RegExp[],
  more: Record<string, unknown> = {},
): () => Startup {
  return () => ({
    scripts: { [name]: text },
    plugins: [scriptEntry(name, more)],
    sections: { fairlead: { plugin_start_timeout: 10 } },
    says: [...says, new RegExp(`scripts/${name}`)],
  });
}

const ENVIRONMENT = {
  FOO: "foo bar=baz",
  OTHER_X: "ox",
  PROBE_NOTIFIERX: "no",
  PROBE_NOTIFIER_A: "va",
  PROBE_NOTIFIER_B: "",
  probe_notifier_low: "low",
  SFTPGO_DEFAULT_ADMIN_PASSWORD: "adminpw",
  SFTPGO_DEFAULT_ADMIN_USERNAME: "admin",
  SFTPGO_PLUGIN_AUTH: "leak?",
};

const environment =
  (more: Record<string, unknown>, env: Record<string, string> = ENVIRONMENT) =>
  (): Startup => ({
    plugins: [notifier({ env_vars: [], ...more })],
    env,
  });

/** SIGKILL to the server, and another start. */
const killedHost =
  (options: { readonly forget?: boolean } = {}) =>
  (): Startup => ({
    plugins: [notifier()],
    meanwhile: async (stage) => {
      const pid = await untilStarted(stage, "notifier");
      stage.server.kill("SIGKILL");
      await stage.server.exited;
      await waitFor("the end of the plugin whose host is gone", () => !isAlive(pid));
      if (options.forget === true) await truncate(stage.probes.file);
      await stage.start();
      await untilStarted(stage, "notifier", pid);
      return [];
    },
  });

/** The probe logs a line at each level before it says where it listens. */
const logLines = (level: string, levels: readonly string[]) => (): Startup => ({
  plugins: [notifier()],
  moreArgs: ["-loglines"],
  env: { SFTPGO_LOG_LEVEL: level },
  meanwhile: async (stage) => {
    await stage.server.log.waitForRecord("the last line", ({ msg }) => String(msg).includes("bracketed warn line"));
    return [];
  },
  observe: async (stage) => {
    const lines = stage.server.log.records.flatMap(({ level: at, msg }) => {
      const said = /probe (\w+) line/.exec(String(msg))?.[1];
      return said === undefined ? [] : [`${said} at ${String(at)}`];
    });
    const theirs = levels.map((one) => `${one} at ${one}`);
    const ours = [...new Set(lines)];
    return await Promise.resolve(isDeepStrictEqual(ours, theirs) ? [] : [{ at: "log lines", ours, theirs }]);
  },
});

const signalled = (signal: NodeJS.Signals, ends: boolean) => (): Startup => ({
  plugins: [notifier()],
  meanwhile: async (stage) => {
    stage.server.kill(signal);
    if (ends) await stage.server.exited;
    // A signal that is not obeyed has been dealt with when the server answers after it.
    else await runRecorded(stage, { run: "ssh $SSHOPTS -p $SSH_PORT -o BatchMode=yes x@127.0.0.1 pwd", rc: 255 });
    return [];
  },
});

startupGroup("startup: refused", {
  "X-sha-wrong": () => ({ plugins: [notifier({ sha256sum: "0".repeat(64) })], says: [/checksum/, /probe-notifier/] }),
  "X-sha-short": () => ({ plugins: [notifier({ sha256sum: "ab" })], says: [/checksum|sha256sum/] }),
  "X-sha-badhex": () => ({ plugins: [notifier({ sha256sum: "zz" })], says: [/sha256sum|hex/, /zz/] }),
  "X-missing": () => ({
    plugins: [scriptEntry("does-not-exist")],
    says: [/scripts\/does-not-exist/, /ENOENT|no such file/i],
  }),
  "X-notexec": () => ({
    before: async ({ sandbox }) => void (await sandbox.write("scripts/notexec", "#!/bin/sh\n", 0o644)),
    plugins: [scriptEntry("notexec")],
    says: [/scripts\/notexec/, /EACCES|permission|not executable/i],
  }),
  "X-dir": () => ({ scripts: { x: "" }, plugins: [scriptEntry("")], says: [/scripts/, /EACCES|permission|director/i] }),
  "X-type-empty": () => ({ plugins: [notifier({ type: "" })], says: [/type/] }),
  "X-type-upper": () => ({ plugins: [notifier({ type: "Notifier" })], says: [/type/, /"Notifier"/] }),
  "X-garbage": script("garbage", "echo hello world; exec sleep 600", [/hello world/]),
  "X-emptyline": script("emptyline", "echo; exec sleep 600", [/handshake|first line|message/i]),
  "X-fewfields": script("fewfields", 'echo "1|1|unix"; exec sleep 600', [/1\|1\|unix/]),
  "X-core2": script("core2", 'echo "2|1|unix|/x|grpc"; exec sleep 600', [/core API version/i, /\b2\b/]),
  "X-app2": script("app2", 'echo "1|2|unix|/x|grpc"; exec sleep 600', [/API version/i, /\b2\b/]),
  "X-netrpc": script("netrpc", 'echo "1|1|unix|/x|netrpc"; exec sleep 600', [/netrpc/]),
  "X-badcert": script("badcert", 'echo "1|1|unix|/x|grpc|!!!not-base64!!!"; exec sleep 600', [/certificate/i]),
  "X-exit0": script("exit0", "exit 0", [/exit|ended/i]),
  "X-exit1": script("exit1", "echo out of luck >&2; exit 1", [/\b1\b/]),
  "X-noline": script("noline", "exec sleep 600", [/timeout while waiting for plugin to start/]),
  "X-cookie": () => ({ plugins: [notifier({ cmd: "probe-auth" })], says: [/probe-auth/] }),
  "X-noevents": () => ({
    plugins: [{ type: "notifier", cmd: "probe-notifier", auto_mtls: true, notifier_options: {} }],
    says: [/plugins\[0\]/, /event/],
  }),
  "X-auth-scope0": () => ({ ...auth(0), says: [/plugins\[0\]/, /scope/, /\b0\b/] }),
  "X-kms-scheme-unknown": () => ({ ...kms("foo", "AWS"), says: [/scheme/, /foo/] }),
  "X-kms-scheme-local": () => ({ ...kms("local", "AWS"), says: [/scheme/, /local/] }),
  "X-kms-dup": () => ({
    plugins: ["probe-kms", "probe-kms2"].flatMap((cmd, index) =>
      kms("awskms", index === 0 ? "AWS" : "GCP").plugins!.map((entry) => ({ ...entry, cmd })),
    ),
    says: [/duplicated? scheme|scheme/, /awskms/],
  }),
  "X-kms-url-unknown": () => ({
    ...kms("awskms", "AWS"),
    sections: { kms: { secrets: { url: "gcpkms://x" } } },
    says: [/gcpkms:/],
  }),
  "X-es-two": () => ({
    plugins: ["probe-eventsearcher", "probe-eventsearcher2"].map((cmd) => ({
      type: "eventsearcher",
      cmd,
      auto_mtls: true,
    })),
    says: [/eventsearcher/],
  }),
  "X-second-fails": () => ({
    plugins: [notifier(), scriptEntry("does-not-exist")],
    says: [/does-not-exist/],
  }),
  "X-portused": () => ({
    plugins: [notifier()],
    before: async (stage) => {
      const other = createServer().listen(stage.port, "127.0.0.1");
      stage.sandbox.defer(() => void other.close());
      await once(other, "listening");
    },
    says: [/port is in use/],
  }),
});

startupGroup("startup: running", {
  "X-sha-right": () => ({ plugins: [notifier({ sha256sum: checksum })] }),
  "X-unknownevents": () => ({
    plugins: [
      notifier({
        notifier_options: { fs_events: ["nope"], provider_events: [], provider_objects: [], log_events: [] },
      }),
    ],
  }),
  "X-negretry": () => ({ plugins: [notifier({ notifier_options: { retry_max_time: -1 } })] }),
  "X-auth-scope-1": () => auth(-1),
  "X-auth-scope15": () => auth(15),
  "X-kms-mismatch": () => kms("awskms", "GCP"),
  "X-nosock": () => ({
    scripts: { nosock: 'echo "1|1|unix|/tmp/golden-nobody.sock|grpc"; exec sleep 600' },
    plugins: [scriptEntry("nosock")],
  }),
  "X-nosock-plain": () => ({
    scripts: { nosock2: 'echo "1|1|unix|/tmp/golden-nobody.sock|grpc"; exec sleep 600' },
    plugins: [scriptEntry("nosock2", { auto_mtls: false })],
  }),
  "X-env-empty": environment({}),
  "X-env-none": environment({ env_prefix: "none" }),
  "X-env-custom": environment({ env_prefix: "OTHER_" }),
  "X-env-star-vars": environment({ env_prefix: "*", env_vars: ["UNSET_ONE"] }),
  "X-env-nomtls": environment({ auto_mtls: false }),
  "X-env-basename": () => ({
    plugins: [notifier({ cmd: "$SCRIPTS/my-probe.v2.bin", env_vars: [] })],
    probes: ["probe-notifier"],
    // Node runs no file of that name itself.
    before: async ({ sandbox }) => {
      const args = `["node", ${JSON.stringify(sandbox.path("plugins", "probe-notifier"))}, *sys.argv[1:], "-as", sys.argv[0]]`;
      const script = `import os, sys\nos.environ.pop("LC_CTYPE", None)\nos.execv(${JSON.stringify(nodeExecutable)}, ${args})\n`;
      await sandbox.writeExecutable("scripts/my-probe.v2.bin", `#!${pythonWithParamiko() ?? ""}\n${script}`);
    },
    env: { "MY_PROBE.V2_A": "2", "MY_PROBE.V2_B": "x" },
  }),
  "X-env-override-args": () => ({
    plugins: [notifier()],
    envOf: (stage) => ({ SFTPGO_PLUGINS__0__ARGS: `-log,${stage.probes.file},-conf,/nonexistent` }),
  }),
  "X-env-adds": () => ({
    plugins: [notifier()],
    probes: ["probe-ipfilter"],
    envOf: (stage) => ({
      SFTPGO_PLUGINS__5__TYPE: "ipfilter",
      SFTPGO_PLUGINS__5__CMD: stage.sandbox.path("plugins", "probe-ipfilter"),
      SFTPGO_PLUGINS__5__ARGS: `-log,${stage.probes.file},-conf,/x`,
      SFTPGO_PLUGINS__5__AUTO_MTLS: "true",
    }),
  }),
  "X-sig-SIGINT": signalled("SIGINT", true),
  "X-sig-SIGTERM": signalled("SIGTERM", true),
  "X-sig-SIGHUP": signalled("SIGHUP", false),
  "X-sig-SIGUSR1": signalled("SIGUSR1", false),
  "X-restart-sha": () => ({
    plugins: [notifier({ sha256sum: checksum })],
    meanwhile: async (stage) => {
      const cmd = stage.sandbox.path("plugins", "probe-notifier");
      const probe = await readFile(cmd);
      const pid = await untilStarted(stage, "notifier");
      await stage.sandbox.writeExecutable("plugins/replaced", Buffer.concat([probe, Buffer.from("\n// replaced\n")]));
      await rename(stage.sandbox.path("plugins", "replaced"), cmd);
      process.kill(pid, "SIGKILL");
      await stage.server.log.waitForLine("a refused restart", /checksum/i);
      await stage.sandbox.writeExecutable("plugins/restored", probe);
      await rename(stage.sandbox.path("plugins", "restored"), cmd);
      await untilStarted(stage, "notifier", pid);
      return [];
    },
  }),
  "X-same-cmd": () => ({
    plugins: [notifier(), notifier()],
    meanwhile: async (stage) => {
      await waitFor("two notifiers", () => stage.probes.pidsOf("notifier").length === 2);
      return [];
    },
  }),
  "X-host-kill9": killedHost(),
  // Recorded from the second start on.
  "X-host-kill9-b": killedHost({ forget: true }),
  "X-loglines-debug": logLines("debug", ["debug", "info", "warn", "error"]),
  "X-loglines-info": logLines("info", ["info", "warn", "error"]),
  "X-ip-two-ssh": () => ({
    plugins: [ipfilter("probe-ipfilter"), ipfilter("probe-ipfilter2"), notifier()],
    meanwhile: async (stage) => {
      const outcome = await runRecorded(stage, recordingOf("X-ip-two-ssh").commands[0]!);
      stage.server.kill("SIGHUP");
      await waitFor("a reload", () => stage.probes.lines().some(({ method }) => method?.endsWith("/Reload")));
      return [outcome];
    },
  }),
  "X-ip-two": () => ({
    plugins: [ipfilter("probe-ipfilter"), ipfilter("probe-ipfilter2")],
    meanwhile: async (stage) => [await runRecorded(stage, recordingOf("X-ip-two").commands[0]!)],
  }),
});

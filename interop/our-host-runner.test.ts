import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { after, before, suite, test } from "node:test";
import { PluginError } from "@fairlead/go-plugin";
import { launch, parseReattachInfo, reattach, stopAllPlugins } from "@fairlead/go-plugin/host";
import type { LaunchOptions, PluginProcess, Runner } from "@fairlead/go-plugin/host";
import { createNamespaceRunner, createShellRunner } from "../packages/go-plugin/test/support/own-runner.ts";
import { buildInterop } from "./build.ts";
import { KV_HANDSHAKE, kvKind } from "./fixtures/kv-kind.ts";
import { openTempFolder, type TempFolder } from "./temp-folder.ts";

type KvKinds = { readonly kv: typeof kvKind };

const built = await buildInterop();
const noNamespaces = spawnSync("/usr/bin/unshare", ["--mount", "/bin/true"]).status !== 0 && "needs mount namespaces";

void suite(
  "our host's ways of starting and ending a Go plugin",
  { skip: built === undefined && "go is not installed" },
  () => {
    let folder: TempFolder;
    before(async () => {
      folder = await openTempFolder();
    });
    after(async () => await folder[Symbol.asyncDispose]());

    async function launchKv(options: Partial<LaunchOptions<KvKinds>> = {}): Promise<PluginProcess<KvKinds>> {
      assert.ok(built !== undefined);
      return await launch({
        command: built.kvPlugin,
        env: { TMPDIR: folder.path },
        handshake: KV_HANDSHAKE,
        versions: { 1: { kv: kvKind } },
        ...options,
      });
    }

    const runners: readonly (readonly [what: string, runner: Runner, skip: string | false])[] = [
      ["relative paths", createShellRunner(), false],
      ["another mount", createNamespaceRunner(), noNamespaces],
    ];
    for (const [what, runner, skip] of runners) {
      for (const tls of ["none", "auto"] as const) {
        test(
          `a runner with ${what} is crossed in both directions, tls ${tls} [runner:launch runner:addresses broker:accept broker:dial]`,
          { skip },
          async () => {
            await using plugin = await launchKv({ runner, tls });
            const kv = plugin.dispense("kv");
            await kv.put("a", "b");
            assert.equal(await kv.get("a"), "b");
            assert.equal(await kv.brokeredGet("a"), "b");
            assert.equal(await kv.add("sum", 3), 3);
            assert.deepEqual(await plugin.stop(), { code: 0, signal: null });
          },
        );
      }
    }

    test("a Go plugin brokers connections for its first host, the next is told that it does not [reattach:host broker:unavailable]", async () => {
      assert.ok(built !== undefined);
      const child = spawn(built.kvPlugin, ["-test-mode"], {
        env: { TMPDIR: folder.path },
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(child, "exit");
      try {
        const [line] = (await once(createInterface(child.stdout), "line")) as [string];
        const options = { versions: { 1: { kv: kvKind } } };
        const first = await reattach(parseReattachInfo(line), options);
        assert.equal(await first.dispense("kv").add("sum", 1), 1);
        await first.stop();
        await using second = await reattach(parseReattachInfo(line), options);
        const kv = second.dispense("kv");
        await kv.put("a", "still there");
        assert.equal(await kv.get("a"), "still there");
        // A Go plugin ends the stream when it next has to say something on it.
        await assert.rejects(kv.brokeredGet("a"), (error) => {
          assert.ok(PluginError.is(error, "ERR_BROKER_UNAVAILABLE") || PluginError.is(error, "ERR_BROKER_TIMEOUT"));
          return true;
        });
      } finally {
        child.kill("SIGKILL");
        await exited;
      }
    });

    test("what a Go plugin writes to stderr is copied byte for byte [log:raw log:stderr]", async () => {
      let raw = "";
      const rawStderr = new Writable({
        write(chunk: Buffer, _encoding, callback) {
          raw += chunk.toString("utf8");
          callback();
        },
      });
      const plugin = await launchKv({ stdio: { rawStderr } });
      await plugin.dispense("kv").log("warn", "to be copied");
      await plugin.stop();
      const lines = raw.trimEnd().split("\n");
      const copied = lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
      assert.ok(
        copied.some((line) => line["@message"] === "to be copied" && line["@level"] === "warn"),
        raw,
      );
    });

    test("all Go plugins of a process end at once [cleanup:all]", async () => {
      const plugins = await Promise.all([launchKv(), launchKv({ tls: "auto" }), launchKv()]);
      await stopAllPlugins();
      for (const { state } of plugins) assert.deepEqual(state, { status: "exited", exit: { code: 0, signal: null } });
    });

    test("a Go plugin that speaks net/rpc is refused in Go's words, and nothing is left of it [handshake:netrpc]", async () => {
      assert.ok(built !== undefined);
      const command = join(dirname(built.kvPlugin), "netrpc-plugin");
      await assert.rejects(launchKv({ command }), (error) => {
        assert.ok(PluginError.is(error, "ERR_UNSUPPORTED_PROTOCOL"), String(error));
        assert.match(error.message, /unsupported plugin protocol "netrpc"\. Supported: \[grpc\]/);
        const pid = Number(error.details["pid"]);
        assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
        return true;
      });
    });
  },
);

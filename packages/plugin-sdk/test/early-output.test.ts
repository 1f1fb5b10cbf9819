/** Whatever a plugin's dependencies print, and whenever: the first line on its stdout is the handshake. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { suite, test } from "node:test";
import { NOTIFIER_HANDSHAKE } from "../src/client/index.ts";
import { makeFsEvent, spawnPlugin } from "../src/testing/index.ts";

const program = ["--conditions=source", join(import.meta.dirname, "fixtures/printing-notifier.ts")];

suite("a plugin whose imports print", { timeout: 60_000 }, () => {
  test("starts, and everything it prints arrives", async () => {
    await using plugin = await spawnPlugin({ command: process.execPath, args: program, kinds: ["notifier"] });
    await plugin.clients.notifier.sendFsEvent(makeFsEvent());
    await plugin.stop();
    assert.equal(plugin.stdout, "console.log\nprocess.stdout.write\nstart\nevent\n");
    // What goes past process.stdout has nowhere else to go.
    assert.equal(plugin.stderr, "fs.writeSync\nwriteSync\nwriteFileSync\nfs.write\n");
  });

  test("has nothing but the handshake line on its stdout, for a host that reads a pipe", () => {
    // It ends once nobody reads the pipe.
    const { stdout } = spawnSync("sh", ["-c", '"$0" "$@" | head -n 1', process.execPath, ...program], {
      encoding: "utf8",
      env: {
        PATH: process.env["PATH"] ?? "",
        [NOTIFIER_HANDSHAKE.key]: NOTIFIER_HANDSHAKE.value,
        PLUGIN_PROTOCOL_VERSIONS: "1",
      },
    });
    assert.match(stdout, /^1\|1\|(?:unix|tcp)\|[^\n]+\n$/);
  });

  test("run by hand prints as it likes", () => {
    const { stdout } = spawnSync(process.execPath, program, { encoding: "utf8", env: {} });
    assert.equal(stdout, "console.log\nprocess.stdout.write\nfs.writeSync\nwriteSync\nwriteFileSync\nfs.write\n");
  });
});

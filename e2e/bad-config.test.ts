/** Configurations the server cannot work with: one line says where and what, and the exit code is not 0. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, test } from "node:test";
import { writeRecordEvents } from "./harness/plugin-executable.ts";
import { Sandbox } from "./harness/sandbox.ts";
import { serveToItsEnd } from "./harness/server.ts";
import { notifierEntry, writeConfig } from "./harness/server-config.ts";

describe("a configuration that is refused", () => {
  const entries = [
    { because: "of an unknown plugin type", key: "type", value: "notifer" },
    { because: "a checksum is not hexadecimal", key: "sha256sum", value: "zz".repeat(32) },
    { because: "a checksum is too short", key: "sha256sum", value: "abcd" },
    { because: "a number is a text", key: "retry_max_time", value: "soon", options: true },
  ] as const;
  for (const { because, key, value, ...rest } of entries) {
    test(`because ${because}`, async (t) => {
      const sandbox = await Sandbox.open(t);
      const changed = "options" in rest ? { notifier_options: { [key]: value } } : { [key]: value };
      const plugins = [notifierEntry(await writeRecordEvents(sandbox), changed)];
      const { file } = await writeConfig(sandbox, { plugins });
      await assertOneLine(sandbox, file, [file, key, value]);
    });
  }

  test("because a notifier is told nothing", async (t) => {
    const sandbox = await Sandbox.open(t);
    const options = { fs_events: [], log_events: [] };
    const plugins = [notifierEntry(await writeRecordEvents(sandbox), { notifier_options: options })];
    const { file } = await writeConfig(sandbox, { plugins });
    await assertOneLine(sandbox, file, [file, "notifier_options", "record-events"]);
  });

  const texts = [
    { format: "JSON", name: "broken.json", text: '{\n  "sftpd": {\n    "bindings": [,]\n  }\n}\n', line: "3" },
    { format: "YAML", name: "broken.yaml", text: "sftpd:\n  bindings:\n    - port: 2022\n   address: x\n", line: "4" },
    { format: "TOML", name: "broken.toml", text: "[sftpd]\nbanner = 1\nhost_keys = [\n[[plugins\n", line: "4" },
  ];
  for (const { format, name, text, line } of texts) {
    test(`because the file is not ${format}, with the place`, async (t) => {
      const sandbox = await Sandbox.open(t);
      const file = await sandbox.write(`data/${name}`, text);
      await assertOneLine(sandbox, file, [file, line]);
    });
  }

  test("because the file is missing", async (t) => {
    const sandbox = await Sandbox.open(t);
    const file = sandbox.path("data", "nowhere.json");
    await assertOneLine(sandbox, file, [file]);
  });

  test("because the port is in use", async (t) => {
    const sandbox = await Sandbox.open(t);
    const { file, port } = await writeConfig(sandbox);
    const holder = createServer().listen(port, "127.0.0.1");
    sandbox.defer(async () => {
      holder.close();
      await once(holder, "close");
    });
    await once(holder, "listening");
    await assertOneLine(sandbox, file, ["bindings", String(port), /in use|EADDRINUSE/]);
  });

  test("because a host key is not a key", async (t) => {
    const sandbox = await Sandbox.open(t);
    const key = await sandbox.write("data/garbage_key", "not a key at all\n");
    const { file } = await writeConfig(sandbox, { sections: { sftpd: { host_keys: [key] } } });
    await assertOneLine(sandbox, file, [key, "host_keys"]);
  });

  test("because a host key cannot be read", async (t) => {
    const sandbox = await Sandbox.open(t);
    const key = sandbox.path("data", "key_that_is_a_folder");
    await mkdir(key);
    const { file } = await writeConfig(sandbox, { sections: { sftpd: { host_keys: [key] } } });
    await assertOneLine(sandbox, file, [key, "host_keys"]);
  });
});

/** Fails unless the server gives up with exactly one error, on one line, that names all of `facts`. */
async function assertOneLine(sandbox: Sandbox, file: string, facts: readonly (string | RegExp)[]): Promise<void> {
  const result = await serveToItsEnd(sandbox, file);
  assert.ok(result.code !== 0 && result.code !== null, `ended with ${result.signal ?? result.code}`);
  const output = `${result.stdout}${result.stderr}`;
  const naming = output.split("\n").filter((line) => facts.every((fact) => names(line, fact)));
  assert.equal(naming.length, 1, `not one line with ${facts.join(", ")}:\n${output}`);
  assert.ok(!/^\s+at .*:\d+:\d+/m.test(output), `a stack trace is no message:\n${output}`);
  await sandbox.assertNothingLeft();
}

function names(line: string, fact: string | RegExp): boolean {
  return typeof fact === "string" ? line.includes(fact) : fact.test(line);
}

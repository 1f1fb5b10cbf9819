/** What tools such as grpcurl are told about a plugin of several kinds. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { connectGrpc, defineMethod } from "@fairlead/grpc";
import type { ClientConnection, Codec } from "@fairlead/grpc";
import {
  AUTH_HANDSHAKE,
  EVENTSEARCHER_HANDSHAKE,
  IPFILTER_HANDSHAKE,
  KMS_HANDSHAKE,
  NOTIFIER_HANDSHAKE,
} from "../src/client/index.ts";

const bytesCodec: Codec<Uint8Array> = { encode: (message) => message, decode: (bytes) => Uint8Array.from(bytes) };
const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const reflection = defineMethod("bidirectional", path, bytesCodec, bytesCodec);

const FILE_CONTAINING_SYMBOL = 4;
const LIST_SERVICES = 7;

/** The answer, as text enough to find names in. */
async function ask(connection: ClientConnection, question: number, text: string): Promise<string> {
  const call = connection.bidi(reflection);
  await call.send(Buffer.concat([Buffer.of((question << 3) | 2, text.length), Buffer.from(text)]));
  call.end();
  const [response] = await Array.fromAsync(call);
  return Buffer.from(response ?? []).toString("latin1");
}

/** Starts the plugin as a host does, without AutoMTLS, and talks to it as a tool does. */
async function talkToPlugin<T>(
  cookies: readonly { readonly key: string; readonly value: string }[],
  talk: (connection: ClientConnection) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "fl-"));
  const fixture = join(import.meta.dirname, "fixtures/all-kinds.ts");
  const plugin = spawn(process.execPath, ["--conditions=source", fixture, "--url=x"], {
    env: { TMPDIR: folder, ...Object.fromEntries(cookies.map(({ key, value }) => [key, value])) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(plugin, "exit");
  try {
    const [line] = (await once(createInterface(plugin.stdout), "line")) as [string];
    await using connection = connectGrpc(connect(line.split("|")[3] ?? ""));
    return await talk(connection);
  } finally {
    plugin.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true });
  }
}

const services = {
  "proto.Notifier": NOTIFIER_HANDSHAKE,
  "proto.Auth": AUTH_HANDSHAKE,
  "proto.KMS": KMS_HANDSHAKE,
  "proto.IPFilter": IPFILTER_HANDSHAKE,
  "proto.Searcher": EVENTSEARCHER_HANDSHAKE,
} as const;
const besides = ["fairlead.Gate", "fairlead.PluginInfo"] as const;

suite("reflection of a plugin of several kinds", { timeout: 60_000 }, () => {
  test("lists and describes every kind it is started for, and what stands beside them", async () => {
    await talkToPlugin(Object.values(services), async (connection) => {
      const list = await ask(connection, LIST_SERVICES, "*");
      for (const service of [...Object.keys(services), ...besides]) {
        assert.ok(list.includes(service), service);
        const files = await ask(connection, FILE_CONTAINING_SYMBOL, service);
        assert.match(files, /\.proto/, service);
        assert.ok(files.includes(service.slice(service.indexOf(".") + 1)), service);
      }
    });
  });

  test("lists no kind that it is not started for", async () => {
    await talkToPlugin([KMS_HANDSHAKE], async (connection) => {
      const list = await ask(connection, LIST_SERVICES, "*");
      assert.deepEqual(list.match(/(?:proto|fairlead)\.\w+/g)?.toSorted(), [...besides, "proto.KMS"].toSorted());
    });
  });
});

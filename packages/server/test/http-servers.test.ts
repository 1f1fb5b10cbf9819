import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";

import type { Logger } from "@fairlead/go-plugin";
import type { IpVerdict, PluginManager } from "@fairlead/plugin-host";
import type { FsEventsFilter, RpcOptions } from "@fairlead/plugin-sdk/client";

import { loadConfig } from "../src/config/load-config.ts";
import { type HttpServers, startHttpServers } from "../src/http/start-http-servers.ts";
import { createAdminAccounts } from "../src/login/admin-accounts.ts";
import { createPasswordHasher, DEFAULT_HASHING_POLICY } from "../src/login/password/password-hasher.ts";
import { openSqliteStore, type SqliteStore } from "../src/store/sqlite-store.ts";

let store: SqliteStore;
let http: HttpServers;
let levels: string[];
/** What the plugins do. */
let check: (options?: RpcOptions) => Promise<IpVerdict>;
let search: (filter: FsEventsFilter, options?: RpcOptions) => Promise<Uint8Array>;

const logger: Logger = {
  level: "debug",
  log: (level: string, message: string) => levels.push(`${level} ${message}`),
  child: () => logger,
} as unknown as Logger;

const plugins = {
  ipFilter: {
    isConfigured: true,
    check: async (_ip: string, _protocol: string, options?: RpcOptions) => await check(options),
  },
  searcher: {
    isConfigured: true,
    searchFsEvents: async (filter: FsEventsFilter, options?: RpcOptions) => await search(filter, options),
  },
  status: () => [],
  journal: () => undefined,
} as unknown as PluginManager;

beforeEach(async () => {
  levels = [];
  check = () => Promise.resolve({ allowed: true });
  search = () => Promise.resolve(Buffer.from("[]"));
  store = openSqliteStore({ file: ":memory:" });
  const hasher = createPasswordHasher({ ...DEFAULT_HASHING_POLICY, bcryptCost: 4 }, { running: 1, waiting: 8 });
  const admins = createAdminAccounts({ store: store.admins, hasher, namingRules: 5 });
  await admins.add({ username: "root", status: 1, password: "sesame", permissions: ["*"] });
  const port = await freePort();
  const env = {
    SFTPGO_HTTPD__BINDINGS__0__PORT: String(port),
    SFTPGO_HTTPD__BINDINGS__0__ADDRESS: "127.0.0.1",
    SFTPGO_TELEMETRY__BIND_PORT: String(await freePort()),
    SFTPGO_COMMON__MAX_PER_HOST_CONNECTIONS: "5",
  };
  const config = loadConfig({ configDir: import.meta.dirname, env });
  http = await startHttpServers({ config, plugins, admins, logger, connectionCount: () => 0 });
});

afterEach(async () => {
  await http[Symbol.asyncDispose]();
  await store.close();
});

async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

function portOf(which: "rest" | "telemetry"): number {
  return (which === "rest" ? http.addresses[0] : http.telemetryAddress)?.port ?? 0;
}

async function open(port: number, text = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined); // the server may cut it
  await once(socket, "connect");
  socket.write(text);
  return socket;
}

async function token(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${portOf("rest")}/api/v2/token`, {
    headers: { authorization: `Basic ${Buffer.from("root:sesame").toString("base64")}`, connection: "close" },
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

function request(path: string, bearer = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${bearer === "" ? "" : `Authorization: Bearer ${bearer}\r\n`}\r\n`;
}

/** A reset is an end, too. */
async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.once("close", () => {
      resolve();
    });
  });
}

/** Rows that fill a page for sure, each with an id of its own. */
let rows = 0;
function fullPage(): Uint8Array {
  const row = { action: "upload", username: "u", fs_path: "/p".repeat(2_000), virtual_path: "/v", status: 1 };
  const more = { protocol: "SFTP", session_id: "s", fs_provider: 0 };
  const page = Array.from({ length: 100 }, () => ({ ...row, ...more, id: `id${(rows += 1)}`, timestamp: rows }));
  return Buffer.from(JSON.stringify(page));
}

describe("the end of the server does not wait for", () => {
  for (const which of ["rest", "telemetry"] as const) {
    test(`a client that has sent half a request (${which})`, async () => {
      // A whole one comes first: its answer says that the half was read, too.
      const socket = await open(portOf(which), `${request("/healthz")}GET /healthz HTTP/1.1\r\nHost: `);
      await once(socket, "data");
      const end = closed(socket);
      await http[Symbol.asyncDispose]();
      await end;
    });
  }

  test("a client that does not read its answer", async () => {
    const asked = Promise.withResolvers<void>();
    let pages = 0;
    search = async () => {
      pages += 1;
      if (pages === 2) asked.resolve();
      return await Promise.resolve(fullPage());
    };
    const socket = await open(portOf("rest"));
    socket.pause();
    socket.write(request("/api/v2/events/fs?csv_export=true", await token()));
    await asked.promise;
    await http[Symbol.asyncDispose]();
    socket.destroy();
  });

  test("a plugin that does not answer", async () => {
    const asked = Promise.withResolvers<AbortSignal | undefined>();
    search = async (_filter, options) => {
      asked.resolve(options?.signal);
      return await new Promise((_resolve, reject) => {
        options?.signal?.addEventListener("abort", () => {
          reject(new Error("cancelled"));
        });
      });
    };
    const socket = await open(portOf("rest"), request("/api/v2/events/fs", await token()));
    const signal = await asked.promise;
    assert.ok(signal, "the search can be cancelled");
    const aborted = once(signal, "abort");
    await http[Symbol.asyncDispose]();
    await aborted;
    socket.destroy();
  });
});

describe("one address", () => {
  test("has no more connections than it may", async () => {
    const sockets: Socket[] = [];
    for (let count = 0; count < 5; count += 1) sockets.push(await open(portOf("rest")));
    const sixth = await open(portOf("rest"), request("/healthz"));
    sixth.resume();
    await closed(sixth);
    sockets[0]?.destroy();
    // The server may learn of it a moment later.
    for (let isIn = false; !isIn;) {
      const next = await open(portOf("rest"), request("/healthz"));
      let answer = "";
      next.on("data", (chunk: Buffer) => {
        answer += chunk.toString();
        next.destroy();
      });
      await closed(next);
      isIn = answer.startsWith("HTTP/1.1 200");
    }
    for (const socket of sockets) socket.destroy();
  });

  test("has one request at a time worked on by a connection", async () => {
    let checks = 0;
    check = async () => {
      checks += 1;
      return await new Promise(() => undefined);
    };
    const socket = await open(portOf("rest"), request("/healthz").repeat(100));
    await closed(socket);
    assert.equal(checks, 1);
  });

  test("may send its requests one after the other by the same connection", async () => {
    const socket = await open(portOf("rest"));
    for (let count = 0; count < 50; count += 1) {
      socket.write(request("/healthz"));
      const [answer] = (await once(socket, "data")) as [Buffer];
      assert.match(answer.toString(), /^HTTP\/1.1 200/);
    }
    socket.destroy();
  });

  test("leaves no question behind when it does not wait for the ip filter", async () => {
    const asked = Promise.withResolvers<AbortSignal | undefined>();
    check = async (options) => {
      asked.resolve(options?.signal);
      return await new Promise((resolve) => {
        options?.signal?.addEventListener("abort", () => {
          resolve({ allowed: false, reason: "cancelled" });
        });
      });
    };
    const socket = await open(portOf("rest"), request("/healthz"));
    const signal = await asked.promise;
    assert.ok(signal, "the check can be cancelled");
    const aborted = once(signal, "abort");
    socket.destroy();
    await aborted;
  });
});

test("a search nobody waits for is no error of the server", async () => {
  const asked = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  search = async (_filter, options) => {
    asked.resolve();
    return await new Promise((_resolve, reject) => {
      options?.signal?.addEventListener("abort", () => {
        reject(new Error("cancelled"));
        setImmediate(over.resolve);
      });
    });
  };
  const socket = await open(portOf("rest"), request("/api/v2/events/fs", await token()));
  await asked.promise;
  socket.destroy();
  await over.promise;
  await http[Symbol.asyncDispose]();
  assert.deepEqual(
    levels.filter((line) => line.endsWith("request failed")),
    ["debug request failed"],
  );
});

test("an export of a plugin that answers the same page for ever is cut off", async () => {
  const page = fullPage();
  search = () => Promise.resolve(page);
  const socket = await open(portOf("rest"), request("/api/v2/events/fs?csv_export=true", await token()));
  socket.resume();
  await closed(socket);
  assert.ok(levels.includes("warn event export cut off"));
});

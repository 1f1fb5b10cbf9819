import { setTimeout as delay } from "node:timers/promises";

import type { Logger } from "@fairlead/go-plugin";
import type { IpFilterHub, SearchHub } from "@fairlead/plugin-host";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteOptions } from "fastify";

import type { Admin } from "../domain/admin.ts";
import { FairleadError } from "../domain/fairlead-error.ts";
import { plainIp } from "../domain/ip-range.ts";
import type { AdminAccounts } from "../login/admin-accounts.ts";
import { type AdminTokens, createAdminTokens, type TokenHolder } from "./admin-tokens.ts";
import { closeSignal } from "./close-signal.ts";
import { addEventRoutes } from "./event-routes.ts";
import { answerOf, formatAnswer, type HttpAnswer, httpError } from "./http-error.ts";
import type { TlsFiles } from "./tls-files.ts";

export interface RestServerOptions {
  readonly admins: AdminAccounts;
  readonly searcher: SearchHub;
  readonly ipFilter: IpFilterHub;
  readonly logger: Logger;
  /** SFTPGo's `httpd.signing_passphrase`. */
  readonly signingPassphrase: string;
  /** Milliseconds a refused password is kept waiting. */
  readonly failureDelayMs: number;
  /** Absent: plain HTTP. */
  readonly tls?: TlsFiles;
}

/** Largest request body and head; nothing here takes a body. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 60_000;
/** A client that does not read its answer; longer than plugins may take for one. */
const STALLED_TIMEOUT_MS = 120_000;

/** The part of SFTPGo's REST API that is here: a token, the events, and `/healthz`. */
export function createRestServer(options: RestServerOptions): FastifyInstance {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    connectionTimeout: STALLED_TIMEOUT_MS,
    // Ends idle connections at close(), so that a stop does not wait for them.
    forceCloseConnections: "idle",
    routerOptions: { ignoreTrailingSlash: false },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    ...(options.tls === undefined
      ? {}
      : { https: { ...options.tls, maxHeaderSize: MAX_HEADER_BYTES, minVersion: options.tls.minVersion } }),
  } as Parameters<typeof fastify>[0]) as unknown as FastifyInstance;
  const methods = new Map<string, Set<string>>();
  server.addHook("onRoute", (route) => {
    noteMethods(methods, route);
  });
  addIpFilter(server, options.ipFilter);
  addErrors(server, methods, options.logger);
  const tokens = createAdminTokens(options.signingPassphrase);
  const session = createAuthentication(tokens, options.admins);
  addTokenRoutes(server, options, tokens, session);
  addEventRoutes(server, {
    searcher: options.searcher,
    logger: options.logger,
    authenticate: async (request) => (await session(request)).admin,
  });
  server.get("/healthz", async (_request, reply) => await reply.type("text/plain; charset=utf-8").send("ok"));
  return server;
}

/** Asked for each request, before anything else is looked at, as SFTPGo does. */
function addIpFilter(server: FastifyInstance, ipFilter: IpFilterHub): void {
  server.addHook("onRequest", async (request, reply) => {
    if (!ipFilter.isConfigured) {
      return;
    }
    const verdict = await ipFilter.check(ipOf(request), "HTTP", { signal: closeSignal(reply) });
    if (!verdict.allowed) {
      throw httpError(403, "", "your IP address is blocked");
    }
  });
}

function addErrors(server: FastifyInstance, methods: ReadonlyMap<string, ReadonlySet<string>>, logger: Logger): void {
  server.setNotFoundHandler((request, reply) => {
    const allowed = methods.get(request.url.split("?", 1)[0] ?? "");
    if (allowed !== undefined) {
      void reply
        .code(405)
        .header("Allow", [...allowed].join(", "))
        .send();
      return;
    }
    void send(reply, { status: 404, message: "Not Found", reason: "" });
  });
  server.setErrorHandler((error, request, reply) => {
    const answer = answerOf(error);
    const facts = { method: request.method, path: request.url.split("?", 1)[0], status: answer.status };
    // Who has left has cancelled what failed.
    const level = answer.status >= 500 && !reply.raw.destroyed ? "error" : "debug";
    logger.log(level, "request failed", { ...facts, ip: ipOf(request), reason: answer.reason, error: causeOf(error) });
    void send(reply, answer);
  });
}

function causeOf(error: unknown): unknown {
  return FairleadError.is(error, "ERR_HTTP_REQUEST") ? error.cause : error;
}

function send(reply: FastifyReply, answer: HttpAnswer): FastifyReply {
  return reply.code(answer.status).type("application/json").send(formatAnswer(answer));
}

interface Authenticated {
  readonly admin: Admin;
  readonly holder: TokenHolder;
}

type Authenticate = (request: FastifyRequest) => Promise<Authenticated>;

/** The administrator is looked up at each request: one who may not log in any more is out at once. */
function createAuthentication(tokens: AdminTokens, admins: AdminAccounts): Authenticate {
  return async (request) => {
    const text = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const verdict = text === undefined ? undefined : await tokens.verify(text, ipOf(request));
    if (verdict?.outcome === "revoked") {
      throw httpError(401, "Your token is no longer valid");
    }
    if (verdict?.outcome !== "valid") {
      throw httpError(401, "Unauthorized", "no token found");
    }
    const admin = await admins.find(verdict.holder.username);
    const { holder } = verdict;
    const isStillThere = admin !== undefined && tokens.isStillOf(holder, admin);
    if (!isStillThere || admins.problemOf(admin, ipOf(request)) !== undefined) {
      throw httpError(401, "Your token is no longer valid");
    }
    return { admin, holder };
  };
}

function addTokenRoutes(
  server: FastifyInstance,
  options: RestServerOptions,
  tokens: AdminTokens,
  session: Authenticate,
): void {
  server.get("/api/v2/token", async (request, reply) => {
    const credentials = basicCredentials(request.headers.authorization);
    if (credentials === undefined) {
      void reply.header("WWW-Authenticate", BASIC);
      throw httpError(401, "Unauthorized");
    }
    const ip = ipOf(request);
    const login = await options.admins.login({ ...credentials, ip });
    if (login.outcome === "refused") {
      options.logger.log("warn", "administrator not logged in", { ip, reason: login.message });
      await delay(options.failureDelayMs);
      void reply.header("WWW-Authenticate", BASIC);
      throw httpError(401, "Unauthorized", login.message);
    }
    const { text, expiresAtMs } = await tokens.issue(login.admin, ip);
    const expiresAt = new Date(Math.floor(expiresAtMs / 1_000) * 1_000).toISOString().replace(".000Z", "Z");
    // With the line end SFTPGo writes.
    return await reply
      .type("application/json")
      .send(`${JSON.stringify({ access_token: text, expires_at: expiresAt })}\n`);
  });
  // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- fastify's handlers may be async, Express's may not
  server.get("/api/v2/logout", async (request) => {
    tokens.revoke((await session(request)).holder);
    return { message: "Your token has been invalidated" };
  });
}

const BASIC = 'Basic realm="Fairlead"';

function basicCredentials(header: string | undefined): { username: string; password: string } | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "")?.[1];
  const [, username, password] = /^([^:]*):(.*)$/su.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  return username === undefined || password === undefined || username === "" ? undefined : { username, password };
}

function ipOf(request: FastifyRequest): string {
  return plainIp(request.raw.socket.remoteAddress ?? "");
}

function noteMethods(methods: Map<string, Set<string>>, { url, method }: RouteOptions): void {
  const known = methods.get(url) ?? new Set();
  for (const name of [method].flat()) {
    known.add(name);
  }
  methods.set(url, known);
}

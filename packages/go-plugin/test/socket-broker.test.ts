import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { connect as connectTls } from "node:tls";
import { PluginError } from "@fairlead/go-plugin";
import { connectGrpc, createGrpcServer, GrpcError } from "@fairlead/grpc";
import type { ServiceRegistrar } from "@fairlead/grpc";
import type { InfoListener, InfoStream } from "../src/broker/info-stream.ts";
import { SocketBroker } from "../src/broker/socket-broker.ts";
import type { SocketBrokerParts } from "../src/broker/socket-broker.ts";
import type { ConnInfo } from "../src/protocol/conn-info.ts";
import { createIdentity } from "../src/tls/certificate.ts";
import type { Identity } from "../src/tls/certificate.ts";
import { createPeerTls } from "../src/tls/peer-tls.ts";
import { issueCertificate } from "./support/certificates.ts";
import type { TestCertificate } from "./support/certificates.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { LogCollector } from "./support/log-collector.ts";
import { registerSpeaker, sayMethod } from "./support/relay-kind.ts";
import { Sandbox } from "./support/sandbox.ts";

const speak = (registrar: ServiceRegistrar): void => registerSpeaker(registrar, "speaker");
const refuse = (): void => {
  throw new TypeError("cannot register");
};
const over = new PluginError("ERR_PLUGIN_GONE", "plugin x is gone: exit status 7");

/** A broker's own end of the stream, in the hands of a test. */
class Line implements InfoStream {
  readonly sent: ConnInfo[] = [];
  failure: PluginError | undefined;
  closedFor: PluginError | undefined;
  #listener: InfoListener | undefined;
  #peer: Line | undefined;

  connectTo(peer: Line): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  start(listener: InfoListener): void {
    this.#listener = listener;
  }

  async send(info: ConnInfo): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.sent.push(info);
    await Promise.resolve(this.#peer?.say(info));
  }

  close(reason: PluginError): void {
    this.closedFor = reason;
  }

  /** As if the other side had said it. */
  say(info: Partial<ConnInfo>): void {
    this.#listener?.onInfo({ serviceId: 7, network: "", address: "", ...info });
  }

  get listener(): InfoListener {
    assert.ok(this.#listener);
    return this.#listener;
  }
}

class OneSide implements Disposable {
  readonly line = new Line();
  readonly clock = new FakeClock();
  readonly logger = new LogCollector();
  readonly broker: SocketBroker;

  constructor(sandbox: Sandbox, parts: Partial<SocketBrokerParts> = {}) {
    this.broker = new SocketBroker({
      infos: this.line,
      peer: "plugin",
      place: { temporaryFolder: sandbox.temporary },
      tls: undefined,
      logger: this.logger,
      schedule: this.clock.schedule,
      ...parts,
    });
  }

  [Symbol.dispose](): void {
    this.broker.end(over);
    assert.equal(this.clock.pending, 0, "timers left");
  }
}

describe("a broker of sockets", { timeout: 30_000 }, () => {
  it("counts its ids from 1 [broker:ids]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    assert.deepEqual([side.broker.nextId(), side.broker.nextId(), side.broker.nextId()], [1, 2, 3]);
  });

  it("takes only ids that fit into the message [broker:ids]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    for (const id of [-1, 0.5, 2 ** 32, Number.NaN]) {
      await assert.rejects(side.broker.accept(id, speak), { code: "ERR_INVALID_OPTION" });
      await assert.rejects(side.broker.dial(id), { code: "ERR_INVALID_OPTION" });
    }
  });

  it("says where it listens, in a folder of its own [broker:accept]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    await using server = await side.broker.accept(0xff_ff_ff_ff, speak);
    assert.equal(server.id, 0xff_ff_ff_ff);
    const [info] = side.line.sent;
    assert.deepEqual({ ...info, address: "" }, { serviceId: 0xff_ff_ff_ff, network: "unix", address: "" });
    assert.match(info?.address ?? "", /^\/.+\/fairlead-plugin-\w+\/s$/);
    await using connection = connectGrpc(connectSocket(info?.address ?? ""), { authority: "unused" });
    assert.equal(await connection.unary(sayMethod, "x"), "speaker: x");
  });

  it("serves any number of connections of one accept [broker:accept]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    await using _server = await side.broker.accept(1, speak);
    const path = side.line.sent[0]?.address ?? "";
    for (const text of ["a", "b"]) {
      await using connection = connectGrpc(connectSocket(path));
      assert.equal(await connection.unary(sayMethod, text), `speaker: ${text}`);
    }
  });

  it("uses each accept for one dial [broker:one-shot]", async () => {
    await using sandbox = new Sandbox();
    using near = new OneSide(sandbox);
    using far = new OneSide(sandbox, { peer: "host" });
    near.line.connectTo(far.line);
    await using _server = await near.broker.accept(1, speak);
    await using first = await far.broker.dial(1);
    assert.equal(await first.unary(sayMethod, "x"), "speaker: x");
    const second = far.broker.dial(1);
    far.clock.advance(5_000);
    await assert.rejects(second, { code: "ERR_BROKER_TIMEOUT", message: /the host did not accept id 1/ });
    await using _again = await near.broker.accept(1, speak);
    await using third = await far.broker.dial(1);
    assert.equal(await third.unary(sayMethod, "y"), "speaker: y");
  });

  it("dials tcp as well [broker:address]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    await using grpc = createGrpcServer();
    speak(grpc);
    const listener = createServer((socket) => grpc.accept(socket)).listen(0, "127.0.0.1");
    await once(listener, "listening");
    side.line.say({ network: "tcp", address: `:${(listener.address() as AddressInfo).port}` });
    listener.unref();
    const connection = await side.broker.dial(7);
    assert.equal(await connection.unary(sayMethod, "x"), "speaker: x");
    await connection.close();
    listener.close();
  });

  for (const [network, address, message] of [
    ["udp", "127.0.0.1:1", /^unknown address type: 127\.0\.0\.1:1 \(network "udp"\), sent by the plugin for id 7/],
    ["", "", /^unknown address type: {2}\(network ""\)/],
    ["unix", "", /^invalid unix address ""/],
    ["unix", "/a\0b", /^invalid unix address "\/a\\u0000b"/],
    ["tcp", "nope", /^address nope: missing port in address/],
    ["tcp", "localhost:0", /^address localhost:0: invalid port/],
    ["tcp", "local\0host:1", /^address local\\u0000host:1: invalid host/],
  ] as const) {
    it(`does not dial ${network || "no network"} ${JSON.stringify(address)} [broker:address]`, async () => {
      await using sandbox = new Sandbox();
      using side = new OneSide(sandbox);
      side.line.say({ network, address });
      await assert.rejects(side.broker.dial(7), { code: "ERR_BROKER_ADDRESS", message });
    });
  }

  it("says when nobody listens where it was sent [broker:address]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    side.line.say({ network: "unix", address: join(sandbox.temporary, "absent") });
    await assert.rejects(side.broker.dial(7), {
      code: "ERR_CONNECT_FAILED",
      message: /cannot connect to the plugin at/,
    });
  });

  it("translates addresses for the other side, and from it [runner:addresses]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox, {
      translate: {
        toPeer: (address) => ({ network: "unix", path: address.network === "unix" ? `/there${address.path}` : "" }),
        fromPeer: (address) => ({ network: "unix", path: address.network === "unix" ? address.path.slice(6) : "" }),
      },
    });
    await using _server = await side.broker.accept(1, speak);
    const { network, address } = side.line.sent[0] ?? assert.fail();
    assert.match(address, /^\/there\//);
    side.line.say({ network, address });
    await using connection = await side.broker.dial(7);
    assert.equal(await connection.unary(sayMethod, "x"), "speaker: x");
  });

  it("lets a dial be given up while it waits, and while it connects [broker:dial]", async () => {
    await using sandbox = new Sandbox();
    const silent = await listenSilently(sandbox);
    const tls = createPeerTls(createIdentity(), createIdentity().certificateDer, "plugin");
    using side = new OneSide(sandbox, { tls });
    for (const connects of [false, true]) {
      const controller = new AbortController();
      const dial = side.broker.dial(7, { signal: controller.signal });
      if (connects) {
        side.line.say({ network: "unix", address: silent.path });
        await silent.connected();
      }
      const reason = new Error("changed my mind");
      controller.abort(reason);
      await assert.rejects(dial, reason);
    }
    await silent.close();
  });

  it("gives up what is accepted and then not answered [broker:timeout]", async () => {
    await using sandbox = new Sandbox();
    const silent = await listenSilently(sandbox);
    const tls = createPeerTls(createIdentity(), createIdentity().certificateDer, "plugin");
    using side = new OneSide(sandbox, { tls });
    side.line.say({ network: "unix", address: silent.path });
    const dial = side.broker.dial(7);
    await silent.connected();
    side.clock.advance(5_000);
    await assert.rejects(dial, {
      code: "ERR_BROKER_TIMEOUT",
      message: /the plugin accepted id 7 but did not take the connection within 5000 ms/,
    });
    await silent.close();
  });

  it("leaves knocks to others [broker:dial]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    side.line.say({ knock: { knock: true, ack: false, error: "" } });
    side.line.say({ knock: { knock: true, ack: true, error: "" } });
    const dial = side.broker.dial(7);
    side.clock.advance(5_000);
    await assert.rejects(dial, { code: "ERR_BROKER_TIMEOUT" });
  });

  it("says once that the other side accepts without end [broker:bounded]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    for (let id = 0; id < 3_000; id++) side.line.say({ serviceId: id, network: "unix", address: "/x" });
    assert.equal(side.clock.pending, 1_024);
    assert.equal(side.logger.events.length, 1);
  });

  it("forgets what a former host said [broker:takeover]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    side.line.say({ network: "unix", address: "/x" });
    side.line.listener.onTakeover();
    assert.equal(side.clock.pending, 0);
  });

  it("fails what waits when the other side turns out to have no broker [broker:unavailable]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    const dial = side.broker.dial(7);
    const reason = new PluginError("ERR_BROKER_UNAVAILABLE", "no broker");
    side.line.listener.onUnavailable(reason);
    await assert.rejects(dial, reason);
    await assert.rejects(side.broker.dial(8), reason);
  });

  it("leaves nothing of an accept that fails [broker:files]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    await assert.rejects(side.broker.accept(1, refuse), TypeError);
    side.line.failure = new PluginError("ERR_BROKER_UNAVAILABLE", "no broker");
    await assert.rejects(side.broker.accept(1, speak), side.line.failure);
    assert.deepEqual(readdirSync(sandbox.temporary), []);
    using nowhere = new OneSide(sandbox, { place: { folder: join(sandbox.temporary, "absent") } });
    await assert.rejects(nowhere.broker.accept(1, speak), {
      code: "ERR_LISTEN_FAILED",
      message: /^cannot listen on unix socket .*absent/,
    });
  });

  it("leaves nothing of an accept that the end overtakes [broker:close]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    const accept = side.broker.accept(1, speak);
    side.broker.end(over);
    await assert.rejects(accept, over);
    assert.equal(side.line.closedFor, over);
    assert.deepEqual(readdirSync(sandbox.temporary), []);
    await assert.rejects(side.broker.accept(1, speak), over);
    await assert.rejects(side.broker.dial(1), over);
  });

  it("drains: running calls finish, new connections find nobody, what was dialled goes on [broker:close]", async () => {
    await using sandbox = new Sandbox();
    using near = new OneSide(sandbox);
    using far = new OneSide(sandbox, { peer: "host" });
    near.line.connectTo(far.line);
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    await near.broker.accept(1, (registrar) =>
      registrar.handleUnary(sayMethod, async () => {
        started.resolve();
        await finish.promise;
        return "finished";
      }),
    );
    await far.broker.accept(1, speak);
    await using call = await far.broker.dial(1);
    await using dialled = await near.broker.dial(1);
    const answer = call.unary(sayMethod, "x");
    await started.promise;
    const drained = near.broker.drain({ graceMs: 20_000 });
    finish.resolve();
    assert.equal(await answer, "finished");
    await drained;
    assert.equal(await dialled.unary(sayMethod, "x"), "speaker: x");
    await assert.rejects(once(connectSocket(near.line.sent[0]?.address ?? ""), "connect"));
  });

  it("ends: everything is cut, and says why [broker:gone broker:files]", async () => {
    await using sandbox = new Sandbox();
    const near = new OneSide(sandbox);
    const far = new OneSide(sandbox, { peer: "host" });
    near.line.connectTo(far.line);
    await near.broker.accept(1, speak);
    await far.broker.accept(1, speak);
    const [theirs, ours] = [await far.broker.dial(1), await near.broker.dial(1)];
    const calls = [theirs, ours].map((connection) => assert.rejects(connection.unary(sayMethod, "wait")));
    near.broker.end(over);
    await Promise.all([...calls, theirs.closed, ours.closed]);
    await assert.rejects(ours.unary(sayMethod, "x"), (error) => GrpcError.is(error) && error.cause === over);
    far.broker.end(over);
    assert.deepEqual(readdirSync(sandbox.temporary), []);
  });

  it("removes its sockets in one go, at the process's end [broker:files]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox);
    await side.broker.accept(1, speak);
    await side.broker.accept(2, speak);
    side.broker.removeFiles();
    assert.deepEqual(readdirSync(sandbox.temporary), []);
  });
});

describe("a broker of sockets with AutoMTLS", { timeout: 30_000 }, () => {
  const [host, stranger] = [createIdentity(), createIdentity()];
  // As Go's, it is one of an authority.
  const issuer = issueCertificate("localhost");
  const [plugin, child] = [identityOf(issuer), identityOf(issueCertificate("child", { issuer }))];
  const hostTls = createPeerTls(host, plugin.certificateDer, "plugin");
  const pluginTls = createPeerTls(plugin, host.certificateDer, "host");

  it("connects either way [broker:mtls]", async () => {
    await using sandbox = new Sandbox();
    using near = new OneSide(sandbox, { tls: hostTls });
    using far = new OneSide(sandbox, { tls: pluginTls, peer: "host" });
    near.line.connectTo(far.line);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      await using _server = await from.broker.accept(1, speak);
      await using connection = await to.broker.dial(1);
      assert.equal(await connection.unary(sayMethod, "x"), "speaker: x");
    }
  });

  for (const [who, identity] of [
    ["without a certificate", undefined],
    ["with another certificate", stranger],
    ["with a certificate that the peer has signed", child],
  ] as const) {
    it(`serves nobody ${who} [broker:mtls]`, async () => {
      await using sandbox = new Sandbox();
      using side = new OneSide(sandbox, { tls: hostTls });
      await using _server = await side.broker.accept(1, speak);
      const socket = connectTls({
        path: side.line.sent[0]?.address ?? "",
        ca: host.certificatePem,
        servername: "localhost",
        ALPNProtocols: ["h2"],
        ...(identity === undefined ? {} : { cert: identity.certificatePem, key: identity.privateKeyPem }),
      });
      const connection = connectGrpc(socket);
      await assert.rejects(connection.unary(sayMethod, "x"), (error) => GrpcError.is(error, "UNAVAILABLE"));
      connection.destroy();
      await side.logger.waitFor(/^connection refused/);
    });
  }

  it("does not wait for who connects and never says who it is [broker:close]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox, { tls: hostTls });
    const server = await side.broker.accept(1, speak);
    const socket = connectSocket(side.line.sent[0]?.address ?? "").resume();
    socket.on("error", () => {});
    await once(socket, "connect");
    const closed = once(socket, "close");
    await server.close();
    await closed;
    assert.deepEqual(side.logger.events, []);
  });

  it("does not talk to somebody else who listens there [broker:mtls]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox, { tls: hostTls });
    using wrong = new OneSide(sandbox, { tls: createPeerTls(stranger, host.certificateDer, "host"), peer: "host" });
    wrong.line.connectTo(side.line);
    await using _server = await wrong.broker.accept(1, speak);
    await assert.rejects(side.broker.dial(1), { code: "ERR_TLS_IDENTITY", message: /handshake with the plugin at/ });
  });

  it("does not talk to somebody in plaintext [broker:mtls]", async () => {
    await using sandbox = new Sandbox();
    using side = new OneSide(sandbox, { tls: hostTls });
    using wrong = new OneSide(sandbox, { peer: "host" });
    wrong.line.connectTo(side.line);
    await using _server = await wrong.broker.accept(1, speak);
    await assert.rejects(side.broker.dial(1), { code: "ERR_TLS_IDENTITY" });
  });
});

function identityOf({ cert, key }: TestCertificate): Identity {
  return { certificateDer: new X509Certificate(cert).raw, certificatePem: cert, privateKeyPem: key };
}

/** Somebody who takes connections and says nothing. */
async function listenSilently(sandbox: Sandbox): Promise<{
  readonly path: string;
  connected(): Promise<void>;
  close(): Promise<void>;
}> {
  const path = join(sandbox.temporary, "silent");
  const sockets: Socket[] = [];
  const listener = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
  }).listen(path);
  await once(listener, "listening");
  return {
    path,
    async connected() {
      if (sockets.length === 0) await once(listener, "connection");
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

/** What compiles and what does not: kinds, their implementations and clients, on both sides. Read by tsc, never run. */
import { definePluginKind } from "@fairlead/go-plugin";
import type { Broker, BrokeredServer, HostContext, PluginKind, ServeContext } from "@fairlead/go-plugin";
import { launch, reattach } from "@fairlead/go-plugin/host";
import type {
  ClientOf,
  ExitStatus,
  Launch,
  LaunchOptions,
  PluginProcess,
  PluginState,
  ReattachInfo,
  Runner,
  RunnerProcess,
} from "@fairlead/go-plugin/host";
import { provide, startReattachableServer } from "@fairlead/go-plugin/serve";
import type { ServedPlugin, ServeOptions } from "@fairlead/go-plugin/serve";
import { connectInMemory } from "@fairlead/go-plugin/testing";
import type { InMemoryPlugin } from "@fairlead/go-plugin/testing";
import type { ClientConnection, ClientInterceptor, ServerInterceptor, ServiceRegistrar } from "@fairlead/grpc";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles when both are the same type; `any` is the same as nothing but itself. */
declare function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void;

interface Store {
  get(key: string): string;
}
interface StoreClient {
  get(key: string): Promise<string>;
}
interface Counter {
  next(): number;
}
interface CounterClient {
  next(): Promise<number>;
}

// A kind.
const storeKind = definePluginKind<Store, StoreClient>({
  name: "store",
  register(registrar, impl, context) {
    same<typeof registrar, ServiceRegistrar>();
    same<typeof impl, Store>();
    same<typeof context, ServeContext>();
  },
  connect(connection, context) {
    same<typeof connection, ClientConnection>();
    same<typeof context, HostContext>();
    return { get: async (key) => await Promise.resolve(key) };
  },
});
same<typeof storeKind, PluginKind<Store, StoreClient>>();
declare const counterKind: PluginKind<Counter, CounterClient>;

// Both types come from the parts, too.
const inferred = definePluginKind({
  name: "inferred",
  register(_registrar: ServiceRegistrar, _impl: Counter) {},
  connect: () => ({ next: async () => await Promise.resolve(1) }),
});
same<typeof inferred, PluginKind<Counter, { next: () => Promise<number> }>>();

definePluginKind<Store, StoreClient>({
  name: "store",
  register() {},
  // @ts-expect-error another client than promised
  connect: () => ({ get: (key: string) => key }),
});

// Both sides of a kind have a broker; what it accepts is registered as on a server, what it dials is a connection.
declare const host: HostContext;
same<typeof host.broker, ServeContext["broker"]>();
declare const broker: Broker;
same<ReturnType<typeof acceptOne>, Promise<BrokeredServer>>();
function acceptOne() {
  return broker.accept(broker.nextId(), (registrar) => same<typeof registrar, ServiceRegistrar>());
}
same<ReturnType<typeof broker.dial>, Promise<ClientConnection>>();
// @ts-expect-error ids are numbers
void broker.dial("1");

// The plugin's side: an implementation of the kind, and nothing is inferred from it.
same<ReturnType<typeof provideStore>, ServedPlugin>();
function provideStore() {
  return provide(storeKind, { get: (key) => key.toUpperCase() });
}
// @ts-expect-error not a Store
provide(storeKind, { next: () => 1 });
// @ts-expect-error a Store's get() answers with a string
provide(storeKind, { get: (key: string) => key.length });

({
  handshake: { key: "KEY", value: "value" },
  versions: { 1: [provideStore()], 2: [provideStore(), provide(counterKind, { next: () => 1 })] },
}) satisfies ServeOptions;
({
  handshake: { key: "KEY", value: "value" },
  // @ts-expect-error versions are numbers
  versions: { one: [provideStore()] },
}) satisfies ServeOptions;

// The host's side: clients by the names of the versions.
const common = { command: "plugin", env: {}, handshake: { key: "KEY", value: "value" } };
const plugin = await launch({ ...common, versions: { 1: { store: storeKind, counter: counterKind } } });
same<typeof plugin, PluginProcess<{ readonly store: typeof storeKind; readonly counter: typeof counterKind }>>();
same<ReturnType<typeof dispenseStore>, StoreClient>();
function dispenseStore() {
  return plugin.dispense("store");
}
same<ReturnType<typeof dispenseCounter>, CounterClient>();
function dispenseCounter() {
  return plugin.dispense("counter");
}
same<ClientOf<typeof storeKind>, StoreClient>();
same<typeof plugin.exited, Promise<ExitStatus>>();
// @ts-expect-error no such kind
plugin.dispense("other");
// @ts-expect-error a client's methods are the kind's
void plugin.dispense("store").next();
// @ts-expect-error plugins give clients, not implementations
plugin.dispense("store").get("key").toUpperCase();

// @ts-expect-error the environment is the caller's decision
void launch({ command: "plugin", handshake: common.handshake, versions: { 1: { store: storeKind } } });
// @ts-expect-error TLS is automatic, given or off
void launch({ ...common, versions: { 1: { store: storeKind } }, tls: true });
// @ts-expect-error kinds have names
void launch({ ...common, versions: { 1: [storeKind] } });
// @ts-expect-error only sha256
void launch({ ...common, versions: { 1: { store: storeKind } }, checksum: { algorithm: "md5", hex: "" } });

// Versions: the kinds of all of them have a name; one that the chosen version lacks is an error at run time.
const versioned = await launch({
  ...common,
  versions: { 1: { store: storeKind }, 2: { store: storeKind, counter: counterKind } },
});
same<ReturnType<typeof dispenseOfAny>, StoreClient>();
function dispenseOfAny() {
  return versioned.dispense("store");
}
same<ReturnType<typeof dispenseOfSecond>, CounterClient>();
function dispenseOfSecond() {
  return versioned.dispense("counter");
}
// @ts-expect-error no version has it
versioned.dispense("other");

// States are told apart by their status.
declare const state: PluginState;
if (state.status === "exited") same<typeof state.exit, ExitStatus>();
// @ts-expect-error a running plugin has no exit
void state.exit;
void launch({ ...common, versions: { 1: { store: storeKind } }, onExit: (exit) => same<typeof exit, ExitStatus>() });

// Each side's gRPC has its own kind of interceptors, and the other for what it brokers.
declare const before: ClientInterceptor;
declare const behind: ServerInterceptor;
const store1 = { ...common, versions: { 1: { store: storeKind } } };
void launch({ ...store1, grpc: { interceptors: [before], serverInterceptors: [behind], maxSendBytes: 1 } });
({ ...common, versions: {}, grpc: { interceptors: [behind], clientInterceptors: [before] } }) satisfies ServeOptions;
// @ts-expect-error hosts call
void launch({ ...store1, grpc: { interceptors: [behind] } });
// @ts-expect-error plugins are called
({ ...common, versions: {}, grpc: { interceptors: [before] } }) satisfies ServeOptions;

// Runners, and plugins that run already.
declare const runnerProcess: RunnerProcess;
({ start: async () => await Promise.resolve(runnerProcess) }) satisfies Runner;
// @ts-expect-error a runner's process has an id, streams, an end and a kill
({ start: async () => await Promise.resolve({ id: "1" }) }) satisfies Runner;
declare const info: ReattachInfo;
const attached = await reattach(info, { versions: { 1: { store: storeKind } } });
same<typeof attached, PluginProcess<{ readonly store: typeof storeKind }>>();
// @ts-expect-error what runs already is not started
void reattach(info, { versions: { 1: { store: storeKind } }, command: "plugin" });
// @ts-expect-error one-time certificates are agreed on at the start
void reattach(info, { versions: { 1: { store: storeKind } }, tls: "auto" });
// @ts-expect-error whoever attaches needs no cookie
void startReattachableServer({ versions: { 1: [provideStore()] }, handshake: common.handshake });

// For those who take launch() as an argument.
launch satisfies Launch;
declare const anyLaunch: Launch;
same<Awaited<ReturnType<typeof launchWithIt>>, PluginProcess<{ store: typeof storeKind }>>();
async function launchWithIt(options: LaunchOptions<{ store: typeof storeKind }>) {
  return await anyLaunch(options);
}

// Both sides in one process.
const inMemory = await connectInMemory(storeKind, { get: (key) => key });
same<typeof inMemory, InMemoryPlugin<StoreClient>>();
// @ts-expect-error not a Store
void connectInMemory(storeKind, { next: () => 1 });

import { join } from "node:path";
import { type Login, OpenSsh } from "../e2e/harness/openssh.ts";
import type { Sandbox } from "../e2e/harness/sandbox.ts";
import { TestServer } from "../e2e/harness/server.ts";
import { type Section, writeConfig } from "../e2e/harness/server-config.ts";
import { skipWithout } from "../e2e/harness/tools.ts";
import { addUser } from "../e2e/harness/users.ts";
import { bundlePlugin } from "../interop/bundle-plugin.ts";
import { median } from "./harness/median.ts";
import { openSandbox } from "./harness/open-sandbox.ts";
import type { Comparison, Report } from "./harness/report.ts";
import type { SftpPeer } from "./harness/sftp-session.ts";
import { skipWithoutSftpGo, startSftpGo } from "./harness/sftpgo.ts";
import { type MeasuredLogins, measureLogins, PARALLEL_LOGINS } from "./harness/ssh-logins.ts";

const rounds = Number(process.env["FAIRLEAD_BENCH_ROUNDS"] ?? 5);
const warmUpRounds = 1;
/** A password takes many times as long as a key. */
const counts = { password: 64, key: 512 };
const bcryptCost = 10;

/** What logins cost that an auth plugin decides, and how that stands to the local store and to SFTPGo. */
export async function benchLogins(): Promise<readonly Report[]> {
  const title = `SSH logins, ${PARALLEL_LOGINS} at once, bcrypt cost ${bcryptCost}, medians of ${rounds}`;
  const storePeer = "the same server without a plugin";
  const skipped = (peer: string, why: string): Report => ({ title, peer, comparisons: [], skipped: [`all: ${why}`] });
  const missing = skipWithout("ssh-keygen");
  if (missing !== false) return [storePeer, "SFTPGo"].map((peer) => skipped(peer, missing));
  await using stack = new AsyncDisposableStack();
  const ours = await startAll(stack, startOurs);
  const noSftpGo = skipWithoutSftpGo();
  const sftpGo = noSftpGo === false ? await startAll(stack, startTheirs) : undefined;
  // As it comes, it compares a password that was right before with what it remembers of it.
  const caching = noSftpGo === false ? await startTheirs(stack, undefined, { password_caching: true }) : undefined;
  const servers = [
    ...all(ours),
    ...(sftpGo === undefined ? [] : all(sftpGo)),
    ...(caching === undefined ? [] : [caching]),
  ];
  for (let round = 0; round < rounds + warmUpRounds; round++) {
    for (const server of servers) await server.measure();
  }
  return [
    { title, peer: storePeer, comparisons: compareWithStore(ours) },
    sftpGo === undefined || caching === undefined
      ? skipped("SFTPGo", noSftpGo === false ? "" : noSftpGo)
      : { title, peer: "SFTPGo", comparisons: compareWithSftpGo(ours, sftpGo, caching) },
  ];
}

/** Who decides a login. */
interface Deciders {
  readonly store: Logins;
  readonly unchanged: Logins;
  readonly document: Logins;
}

function all({ store, unchanged, document }: Deciders): readonly Logins[] {
  return [store, unchanged, document];
}

const ways = ["password", "key"] as const;
type Way = (typeof ways)[number];

function compareWithStore({ store, unchanged, document }: Deciders): Comparison[] {
  return ways.flatMap((way) => [
    ...wantClose(way, `${way}, plugin says unchanged`, unchanged.of(way), store.of(way)),
    ...wantClose(way, `${way}, plugin sends the user`, document.of(way), store.of(way)),
  ]);
}

/** Next to a password's hash a call is nothing; next to a key's check it is a part of a millisecond. */
function wantClose(way: Way, what: string, ours: MeasuredLogins, peer: MeasuredLogins): Comparison[] {
  const [rates, times] = compareRatesAndTimes(what, ours, peer);
  return way === "password"
    ? [{ ...rates, wanted: { atLeast: 0.9 } }, times]
    : [rates, { ...times, wanted: { atMost: 1.5 } }];
}

function compareWithSftpGo(ours: Deciders, theirs: Deciders, caching: Logins): Comparison[] {
  return [
    ...ways.flatMap((way) => [
      ...compareAll(`${way}, no plugin`, ours.store.of(way), theirs.store.of(way)),
      ...compareAll(`${way}, plugin says unchanged`, ours.unchanged.of(way), theirs.unchanged.of(way)),
      ...compareAll(`${way}, plugin sends the user`, ours.document.of(way), theirs.document.of(way)),
    ]),
    compareRates("password, no plugin; SFTPGo caches it", ours.store.of("password"), caching.of("password")),
  ];
}

function compareAll(what: string, ours: MeasuredLogins, peer: MeasuredLogins): Comparison[] {
  const cpu = { what, unit: "server CPU ms/login", ours: ours.serverCpuMs, peer: peer.serverCpuMs };
  return [...compareRatesAndTimes(what, ours, peer), cpu];
}

function compareRatesAndTimes(what: string, ours: MeasuredLogins, peer: MeasuredLogins): [Comparison, Comparison] {
  return [compareRates(what, ours, peer), { what, unit: "ms, one at a time", ours: ours.oneMs, peer: peer.oneMs }];
}

function compareRates(what: string, ours: MeasuredLogins, peer: MeasuredLogins): Comparison {
  return { what, unit: "logins/s", ours: ours.perSecond, peer: peer.perSecond };
}

/** What logins at one server took. */
class Logins {
  readonly #peer: SftpPeer;
  readonly #logins: Readonly<Record<Way, Login>>;
  readonly #measured: Readonly<Record<Way, MeasuredLogins[]>> = { password: [], key: [] };

  constructor(peer: SftpPeer, logins: Readonly<Record<Way, Login>>) {
    this.#peer = peer;
    this.#logins = logins;
  }

  async measure(): Promise<void> {
    for (const way of ways) {
      this.#measured[way].push(await measureLogins(this.#peer, this.#logins[way], counts[way]));
    }
  }

  of(way: Way): MeasuredLogins {
    const counted = this.#measured[way].slice(warmUpRounds);
    const medianOf = (key: keyof MeasuredLogins): number => median(counted.map((measured) => measured[key]));
    return { perSecond: medianOf("perSecond"), serverCpuMs: medianOf("serverCpuMs"), oneMs: medianOf("oneMs") };
  }
}

type Start = (stack: AsyncDisposableStack, fixture: string | undefined) => Promise<Logins>;

async function startAll(stack: AsyncDisposableStack, start: Start): Promise<Deciders> {
  return {
    store: await start(stack, undefined),
    unchanged: await start(stack, "auth-unchanged"),
    document: await start(stack, "auth-document"),
  };
}

async function startOurs(stack: AsyncDisposableStack, fixture: string | undefined): Promise<Logins> {
  const sandbox = await openSandbox(stack);
  const openSsh = new OpenSsh(sandbox);
  const config = await writeConfig(sandbox, {
    plugins: await bundleAuth(sandbox, fixture),
    sections: { data_provider: { password_hashing: { bcrypt_options: { cost: bcryptCost } } } },
  });
  const user = await addUser(sandbox, openSsh, config, "bench");
  const { pid } = await TestServer.start(sandbox, { config });
  const peer = { port: config.port, login: user.byKey, at: (name: string) => `/${name}`, pid };
  return new Logins(peer, { password: user.byPassword, key: user.byKey });
}

async function startTheirs(
  stack: AsyncDisposableStack,
  fixture: string | undefined,
  dataProvider: Section = { password_caching: false },
): Promise<Logins> {
  const sandbox = await openSandbox(stack);
  const plugins = await bundleAuth(sandbox, fixture);
  const peer = await startSftpGo(sandbox, new OpenSsh(sandbox), { plugins, dataProvider });
  return new Logins(peer, { password: peer.byPassword, key: peer.login });
}

/** The entry of an auth plugin among the fixtures that is asked about passwords and keys. */
async function bundleAuth(sandbox: Sandbox, fixture: string | undefined): Promise<readonly Section[]> {
  if (fixture === undefined) return [];
  const entry = join(import.meta.dirname, "fixtures", `${fixture}.ts`);
  const cmd = await bundlePlugin(entry, sandbox.path("plugins", fixture));
  return [{ type: "auth", cmd, auto_mtls: true, env_vars: ["TMPDIR", "PATH"], auth_options: { scope: 3 } }];
}

import { provide, serve } from "@fairlead/go-plugin/serve";
import type { Awaitable } from "../call-context.ts";
import { pluginInfoKind } from "../plugin-info/plugin-info-kind.ts";
import type { PluginIdentity } from "../plugin-identity.ts";
import type { StartContext } from "../plugin-lifecycle.ts";
import { answerRequest } from "../settings/answer-request.ts";
import type { Settings } from "../settings/define-settings.ts";
import { readSettings } from "../settings/read-settings.ts";
import { findAskedTypes, forgetCookies } from "./cookies.ts";
import type { DeclaredKind, DeclaredService } from "./declared-kind.ts";
import { explainPlugin } from "./explain-plugin.ts";
import { identify } from "./identify.ts";

/** The version of every kind there is. */
const PROTOCOL_VERSION = 1;

/** A whole plugin. */
export interface PluginProgram<Values> extends PluginIdentity {
  /** At least one. */
  readonly kinds: readonly [DeclaredKind<Values>, ...DeclaredKind<Values>[]];
  /** What stands beside any kind, by full name. */
  readonly services?: Readonly<Record<string, DeclaredService<Values>>>;
  readonly settings?: Settings<Values> | undefined;
  /** Runs before handlers are made. */
  start?(settings: Values, context: StartContext): Awaitable<void>;
  stop?(): Awaitable<void>;
}

/**
 * Serves every kind whose right cookie is in the environment: SFTPGo sets one, other servers may set several and have all
 * kinds in one process. Without any it tells whoever started it what it is, and ends.
 */
export async function serveKinds<Values>(program: PluginProgram<Values>): Promise<never> {
  const askedTypes = findAskedTypes();
  const asked = program.kinds.filter(({ type }) => askedTypes.includes(type));
  const [first] = asked;
  if (first === undefined) {
    explainPlugin(program, askedTypes);
    // Without its cookie, go-plugin refuses in its own words, and with exit code 1.
    return await serve({ handshake: program.kinds[0].handshake, versions: {} });
  }
  forgetCookies(first.handshake);
  const identity = identify(program);
  if (program.settings !== undefined) refuseRequests(program.settings, identity);
  const services = program.services ?? {};
  const declared = [...asked, ...Object.values(services)];
  const info = { ...identity, kinds: asked.map(({ type }) => type), services: Object.keys(services) };
  return await serve({
    handshake: first.handshake,
    versions: { [PROTOCOL_VERSION]: [...declared.map(({ served }) => served), provide(pluginInfoKind, info)] },
    start: async (context) => {
      const settings = readValues(program.settings);
      await program.start?.(settings, context);
      for (const service of declared) await service.open(settings, context);
    },
    stop: async () => program.stop?.(),
  });
}

/** `--help` among the args of a server's configuration: its stdout is for the handshake, and it does not come to one. */
function refuseRequests(settings: Settings<unknown>, identity: Required<PluginIdentity>): void {
  const answer = answerRequest(settings, process.argv.slice(2), identity);
  if (answer === undefined) return;
  // The level in brackets is how go-plugin hosts tell it from chatter.
  process.stderr.write(`[ERROR] ${identity.name} does not start with a question for help or version among its args\n`);
  process.stderr.write(answer);
  process.exit(1);
}

function readValues<Values>(settings: Settings<Values> | undefined): Values {
  // Without settings, the type of their values is that of an empty object.
  if (settings === undefined) return {} as Values;
  return readSettings(settings, { args: process.argv.slice(2), env: process.env });
}

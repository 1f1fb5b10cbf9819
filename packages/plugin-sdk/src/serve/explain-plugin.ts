import type { GATE_SERVICE } from "../gate/gate-kind.ts";
import type { PluginIdentity } from "../plugin-identity.ts";
import { PluginSdkError } from "../plugin-sdk-error.ts";
import { answerRequest } from "../settings/answer-request.ts";
import type { Settings } from "../settings/define-settings.ts";
import { findRequest, readSettings } from "../settings/read-settings.ts";
import { describeNeeds } from "../settings/settings-needs.ts";
import { identify } from "./identify.ts";
import { articleFor, describeOwnExecutable, formatRunByHandText } from "./run-by-hand.ts";
import type { PluginProgram } from "./serve-kinds.ts";

/** Written out, as gate-kind.ts brings the gate's code along. */
const GATE: typeof GATE_SERVICE = "fairlead.Gate";

/**
 * For a process that no server has started, or as something else than it is: says what it is, who runs it and how to
 * configure it. What was asked for (`--help`, `--version`) goes to stdout, and ends it with 0.
 */
export function explainPlugin<Values>(program: PluginProgram<Values>, askedTypes: readonly string[]): void {
  const args = process.argv.slice(2);
  const [asked] = askedTypes;
  if (asked !== undefined) {
    process.stderr.write(formatWrongType(program, asked));
  } else {
    endIfAnswered(program, args);
    process.stderr.write(formatSelf(program, args));
  }
}

// The level in brackets is how go-plugin hosts tell it from chatter.
function formatWrongType<Values>(program: PluginProgram<Values>, asked: string): string {
  const own = program.kinds.map(({ type }) => `"${type}"`).join(" or ");
  const { name } = identify(program);
  return `[ERROR] ${name} is not ${articleFor(asked)} ${asked} plugin: the type of its entry in the server's configuration must be ${own}\n`;
}

function endIfAnswered<Values>(program: PluginProgram<Values>, args: readonly string[]): void {
  const { settings } = program;
  const identity = identify(program);
  const answer =
    settings === undefined ? answerWithoutSettings(program, args) : answerRequest(settings, args, identity);
  if (answer !== undefined) {
    process.stdout.write(answer);
    process.exit(0);
  }
  const complaint = settings === undefined ? undefined : findComplaint(settings, args, identity);
  if (complaint === undefined) return;
  process.stderr.write(complaint);
  process.exit(1);
}

/** Its arguments are the program's own affair, but for these when they stand alone. */
function answerWithoutSettings<Values>(program: PluginProgram<Values>, args: readonly string[]): string | undefined {
  const answer = args.length === 1 ? answerRequest({ declarations: {} }, args, identify(program)) : undefined;
  const isHelp = answer !== undefined && findRequest({ declarations: {} }, args) === "help";
  return isHelp ? formatSelf(program, []) : answer;
}

/** Of what is wrong with arguments; what is missing comes with the configuration. */
function findComplaint(
  settings: Settings<unknown>,
  args: readonly string[],
  { name }: Required<PluginIdentity>,
): string | undefined {
  try {
    readSettings(settings, { args, env: process.env });
  } catch (error) {
    if (!PluginSdkError.is(error, "ERR_SETTINGS_INVALID")) throw error;
    if (error.details["missing"] === undefined) return `${name}: ${error.message}\n${name} --help lists the settings\n`;
  }
  return undefined;
}

function formatSelf<Values>({ kinds, services, settings }: PluginProgram<Values>, args: readonly string[]): string {
  const descriptions = kinds.map((kind) => kind.describe());
  return formatRunByHandText(descriptions, describeOwnExecutable(), {
    ...(settings !== undefined && { needs: describeNeeds(settings, args, process.env) }),
    hasGate: services?.[GATE] !== undefined,
  });
}

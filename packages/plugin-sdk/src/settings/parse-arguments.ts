/** Arguments as Go's flag package takes them apart. */
export interface ParsedArguments {
  /** What was given for each flag, in order. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** From the first that is no flag on. */
  readonly rest: readonly string[];
}

/** What one flag is. */
export type FlagType = "with value" | "alone";

/**
 * Takes arguments apart by Go's rules: one dash or two, `-x v` or `-x=v`; a boolean flag takes no argument but `-x=v`;
 * flags end at `--` and at the first argument that is none. Returns a sentence for what Go refuses.
 */
export function parseArguments(
  args: readonly string[],
  typeOf: (flag: string) => FlagType | undefined,
): ParsedArguments | string {
  const flags = new Map<string, string[]>();
  let next = 0;
  while (next < args.length) {
    const argument = args[next]!;
    if (!/^-./s.test(argument)) break;
    next++;
    if (argument === "--") break;
    const [, name = "", value] = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    // Never the whole argument: it may hold a secret.
    if (name === "") return `argument ${next} is no flag`;
    const type = typeOf(name);
    if (type === undefined) return `there is no flag --${name}`;
    const given = value ?? (type === "alone" ? "true" : args[next++]);
    if (given === undefined) return `--${name} needs a value`;
    flags.set(name, [...(flags.get(name) ?? []), given]);
  }
  return { flags, rest: args.slice(next) };
}

import { FairleadError } from "./fairlead-error.ts";
import { parseShellPattern, type ShellPattern } from "./shell-pattern.ts";
import type { FilePatternsFilter } from "./user.ts";
import { ancestorsAndSelf, isInside, nameOf, normaliseVirtualPath, parentOf } from "./virtual-path.ts";

/** `denied`: the client is told so. `hidden`: for the client the file does not exist. */
export type NameVerdict = "allowed" | "denied" | "hidden";

/** The `file_patterns` of a user, ready to be asked. */
export interface NameRules {
  check(path: string): NameVerdict;
  /** Whether files move under the same rule when `from` becomes `to`, with no rule of their own below either. */
  sameRulesBelow(from: string, to: string): boolean;
}

interface Rule {
  readonly directory: string;
  readonly allowed: readonly ShellPattern[];
  readonly denied: readonly ShellPattern[];
  readonly hides: boolean;
}

/**
 * Compiles SFTPGo's `filters.file_patterns`: in each directory the rule of the nearest listed directory holds; a name
 * that matches a denied pattern, or matches none of the allowed ones when there are any, is refused. Letter case does
 * not count. A rule with deny policy 1 also hides the directories its patterns refuse, with all they hold.
 * Throws `ERR_INVALID_USER` for a rule that cannot be understood.
 */
export function createNameRules(filters: readonly FilePatternsFilter[]): NameRules {
  const rules = filters.map(compile);
  if (rules.length === 0) return { check: () => "allowed", sameRulesBelow: () => true };
  return new CompiledNameRules(rules);
}

class CompiledNameRules implements NameRules {
  readonly #rules: ReadonlyMap<string, Rule>;

  constructor(rules: readonly Rule[]) {
    this.#rules = new Map(rules.map((rule) => [rule.directory, rule]));
  }

  check(path: string): NameVerdict {
    if (path === "/") return "allowed";
    for (const directory of ancestorsAndSelf(parentOf(path))) {
      if (directory !== "/" && this.#checkName(directory) === "hidden") return "hidden";
    }
    return this.#checkName(path);
  }

  sameRulesBelow(from: string, to: string): boolean {
    for (const directory of this.#rules.keys()) {
      if (directory === from || directory === to || isInside(directory, from) || isInside(directory, to)) return false;
    }
    return this.#ruleFor(from) === this.#ruleFor(to);
  }

  #checkName(path: string): NameVerdict {
    const rule = this.#ruleFor(parentOf(path));
    if (!rule) return "allowed";
    const name = nameOf(path).toLowerCase();
    const refused =
      rule.denied.some((pattern) => pattern.matches(name)) ||
      (rule.allowed.length > 0 && !rule.allowed.some((pattern) => pattern.matches(name)));
    if (!refused) return "allowed";
    return rule.hides ? "hidden" : "denied";
  }

  #ruleFor(directory: string): Rule | undefined {
    for (const candidate of ancestorsAndSelf(directory)) {
      const rule = this.#rules.get(candidate);
      if (rule) return rule;
    }
    return undefined;
  }
}

function compile(filter: FilePatternsFilter): Rule {
  if (!filter.path.startsWith("/")) throw invalidRule(filter.path, filter.path);
  return {
    directory: normaliseVirtualPath(filter.path),
    allowed: filter.allowedPatterns.map((text) => compilePattern(filter.path, text)),
    denied: filter.deniedPatterns.map((text) => compilePattern(filter.path, text)),
    hides: filter.denyPolicy !== 0,
  };
}

function compilePattern(path: string, text: string): ShellPattern {
  const pattern = parseShellPattern(text.toLowerCase());
  if (!pattern) throw invalidRule(path, text);
  return pattern;
}

function invalidRule(path: string, found: string): FairleadError {
  return new FairleadError(
    "ERR_INVALID_USER",
    `file_patterns rule for "${path}" must have an absolute path and well-formed shell patterns, found "${found}"`,
    { details: { field: "filters.file_patterns", path, found } },
  );
}

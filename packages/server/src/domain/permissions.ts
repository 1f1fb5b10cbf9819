import { FairleadError } from "./fairlead-error.ts";
import { hasPatternCharacters, parseShellPattern, type ShellPattern } from "./shell-pattern.ts";
import type { User } from "./user.ts";
import { ancestorsAndSelf, isInside, normaliseVirtualPath } from "./virtual-path.ts";

/** What a user may be allowed in a directory; SFTPGo's names. `*` stands for all of them. */
export type Permission =
  | "list"
  | "download"
  | "upload"
  | "overwrite"
  | "delete"
  | "delete_files"
  | "delete_dirs"
  | "rename"
  | "rename_files"
  | "rename_dirs"
  | "create_dirs"
  | "create_symlinks"
  | "chmod"
  | "chown"
  | "chtimes"
  | "copy";

/** A user's rules, ready to be asked. */
export interface Permissions {
  /** Whether one of `permissions` is granted in `directory` (a normalised virtual path). */
  allows(directory: string, ...permissions: readonly Permission[]): boolean;
  /**
   * Whether a directory that goes from `from` to `to` takes no rule along and meets none: neither path has a rule of
   * its own (or one pattern names both), and no rule speaks of a directory below either.
   */
  sameRulesBelow(from: string, to: string): boolean;
}

interface PatternRule {
  readonly pattern: ShellPattern;
  readonly granted: ReadonlySet<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Compiles the `permissions` of a user document. The rule of the nearest directory wins, an exact path before a
 * pattern, the longest pattern among several; nothing is inherited from further up. Without a matching rule nothing is
 * allowed. Throws `ERR_INVALID_USER` for a rule that cannot be understood: it might be the one that forbids.
 */
export function createPermissions(user: Pick<User, "permissions">): Permissions {
  const exact = new Map<string, ReadonlySet<string>>();
  const patterns: PatternRule[] = [];
  for (const [path, granted] of Object.entries(user.permissions)) {
    if (!path.startsWith("/")) throw invalidRule(path, "an absolute path");
    const directory = normaliseVirtualPath(path);
    exact.set(directory, new Set(granted));
    if (!hasPatternCharacters(directory)) continue;
    const pattern = parseShellPattern(directory);
    if (!pattern) throw invalidRule(path, "a well-formed shell pattern");
    patterns.push({ pattern, granted: new Set(granted) });
  }
  patterns.sort((a, b) => b.pattern.text.length - a.pattern.text.length);
  return new CompiledPermissions(exact, patterns);
}

class CompiledPermissions implements Permissions {
  readonly #exact: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #patterns: readonly PatternRule[];
  // Sessions work in one directory for long stretches: remembering one answer saves nearly every walk.
  #lastDirectory = "";
  #lastGranted = NOTHING;

  constructor(exact: ReadonlyMap<string, ReadonlySet<string>>, patterns: readonly PatternRule[]) {
    this.#exact = exact;
    this.#patterns = patterns;
  }

  allows(directory: string, ...permissions: readonly Permission[]): boolean {
    if (directory !== this.#lastDirectory) {
      this.#lastGranted = this.#grantedIn(directory);
      this.#lastDirectory = directory;
    }
    const granted = this.#lastGranted;
    return granted.has("*") || permissions.some((permission) => granted.has(permission));
  }

  // What the directories around the two grant is not looked at here: that is what the permission to rename is for.
  sameRulesBelow(from: string, to: string): boolean {
    return this.#ruleAt(from) === this.#ruleAt(to) && !this.#hasRulesInside(from) && !this.#hasRulesInside(to);
  }

  #hasRulesInside(directory: string): boolean {
    for (const path of this.#exact.keys()) if (isInside(path, directory)) return true;
    const depth = depthOf(directory);
    return this.#patterns.some(({ pattern }) => {
      const names = pattern.text.split("/");
      return (
        names.length > depth + 1 &&
        (parseShellPattern(names.slice(0, depth + 1).join("/") || "/")?.matches(directory) ?? true)
      );
    });
  }

  #grantedIn(directory: string): ReadonlySet<string> {
    for (const candidate of ancestorsAndSelf(directory)) {
      const granted = this.#ruleAt(candidate);
      if (granted) return granted;
    }
    return NOTHING;
  }

  /** What the rule that names this very directory grants; one object for each rule. */
  #ruleAt(directory: string): ReadonlySet<string> | undefined {
    return this.#exact.get(directory) ?? this.#patterns.find(({ pattern }) => pattern.matches(directory))?.granted;
  }
}

function depthOf(directory: string): number {
  return directory === "/" ? 0 : directory.split("/").length - 1;
}

function invalidRule(path: string, expected: string): FairleadError {
  return new FairleadError("ERR_INVALID_USER", `permission rule "${path}" must be for ${expected}`, {
    details: { field: "permissions", path, expected },
  });
}

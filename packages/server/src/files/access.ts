import type { NameRules } from "../domain/name-rules.ts";
import type { Permission, Permissions } from "../domain/permissions.ts";
import { parentOf } from "../domain/virtual-path.ts";
import { noSuchFile, permissionDenied } from "./file-errors.ts";
import type { Place } from "./jail/jail.ts";

/**
 * How file patterns count for an operation. `use`: a hidden file does not exist, a denied one is refused. `create`:
 * both are refused, or the name would tell what is hidden. `look`: only hidden ones are kept back.
 */
export type NameUse = "use" | "create" | "look";

/** An open file's two names. */
export interface FilePaths {
  /** As the client named it. */
  readonly named: string;
  /** With links resolved, at the time it was opened. */
  readonly resolved: string;
}

/** Decides what the user may do where. All methods throw the refusal the client is to see. */
export class Access {
  readonly #permissions: Permissions;
  readonly #names: NameRules;

  constructor(permissions: Permissions, names: NameRules) {
    this.#permissions = permissions;
    this.#names = names;
  }

  /** One of `permissions` in the directory `path` lies in, and a name the patterns let through. */
  require(path: string, use: NameUse, ...permissions: readonly Permission[]): void {
    if (!this.permits(path, ...permissions)) throw permissionDenied();
    const verdict = this.#names.check(path);
    if (verdict === "hidden") throw use === "create" ? permissionDenied() : noSuchFile();
    if (verdict === "denied" && use !== "look") throw permissionDenied();
  }

  /**
   * The same for where a path led. A link must not lend the permissions of the directory it lies in to files of
   * another: SFTPGo looks at the asked path only, and creates no links unless told to.
   */
  requireAt(place: Place, use: NameUse, ...permissions: readonly Permission[]): void {
    if (place.crossedLink) this.require(place.virtualPath, use, ...permissions);
  }

  /** For an open file: by the path it was opened by and, behind a link, by where that led. Both must grant it. */
  requireForFile(paths: FilePaths, use: NameUse, ...permissions: readonly Permission[]): void {
    this.require(paths.named, use, ...permissions);
    if (paths.resolved !== paths.named) this.require(paths.resolved, use, ...permissions);
  }

  /** Whether one of `permissions` holds in the directory `path` lies in; says nothing of its name. */
  permits(path: string, ...permissions: readonly Permission[]): boolean {
    return this.#permissions.allows(parentOf(path), ...permissions);
  }

  /** The same, and where the path led. */
  permitsAt(place: Place, path: string, ...permissions: readonly Permission[]): boolean {
    return (
      this.permits(path, ...permissions) && (!place.crossedLink || this.permits(place.virtualPath, ...permissions))
    );
  }

  /** The permission to list the directory itself. */
  requireListing(directory: string): void {
    if (!this.#permissions.allows(directory, "list")) throw permissionDenied();
    if (this.isHidden(directory)) throw noSuchFile();
  }

  isHidden(path: string): boolean {
    return this.#names.check(path) === "hidden";
  }

  /**
   * A directory that a rule names, or whose files other rules speak about, must stay where it is, or it would carry
   * them to new rules.
   */
  requireSameRulesBelow(from: string, to: string): void {
    if (!this.#permissions.sameRulesBelow(from, to)) throw permissionDenied();
    if (!this.#names.sameRulesBelow(from, to)) throw permissionDenied();
  }
}

import { closeSync } from "node:fs";
import { SftpError } from "@fairlead/sftp";
import { joinVirtualPath } from "../../domain/virtual-path.ts";
import { noSuchFile } from "../file-errors.ts";
import { MAX_LINKS, pathBelow } from "./jail.ts";

/** Parts one walk may take in all, links included; far more than any real path, far less than a stall. */
const MAX_STEPS = 4096;

/** The jail's own descriptor. Closing waits for the walks and places that still stand on it: its number may be reused. */
export class Root {
  readonly fd: number;
  #users = 1;
  #closed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  retain(): void {
    if (this.#closed) throw new SftpError("FAILURE", "the session has ended");
    this.#users++;
  }

  release(): void {
    if (--this.#users === 0) closeSync(this.fd);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.release();
  }
}

/** The state of one walk: which directory is held, what is still to go, how the held directory is called. */
export class Walk {
  readonly #root: Root;
  readonly #rootPaths: readonly string[];
  /** What is still to go, next part last. */
  readonly #pending: string[];
  readonly #entered: string[] = [];
  #directory: number;
  #links = 0;
  #steps = 0;

  constructor(root: Root, names: readonly string[], rootPaths: readonly string[]) {
    root.retain();
    this.#root = root;
    this.#rootPaths = rootPaths;
    this.#pending = names.toReversed();
    this.#directory = root.fd;
  }

  get directory(): number {
    return this.#directory;
  }

  get crossedLink(): boolean {
    return this.#links > 0;
  }

  get isLast(): boolean {
    return this.#pending.length === 0;
  }

  virtualPathOf(name: string): string {
    return joinVirtualPath(name === "." ? this.#entered : [...this.#entered, name]);
  }

  /** The next part to look at in the held directory; undefined when the directory itself is the end. */
  next(): string | undefined {
    for (;;) {
      const name = this.#pending.pop();
      if (name === undefined) return undefined;
      if (++this.#steps > MAX_STEPS) throw tooManyLinks();
      if (name === "" || name === ".") continue;
      if (name !== "..") return name;
      this.#leave();
    }
  }

  enter(fd: number, name: string): void {
    this.#backToRoot();
    this.#directory = fd;
    this.#entered.push(name);
  }

  /** Puts the target of a link in place of the part that named it. */
  follow(target: string): void {
    if (++this.#links > MAX_LINKS) throw tooManyLinks();
    if (target === "") throw noSuchFile();
    const names = (target.startsWith("/") ? this.#insideRoot(target) : target).split("/");
    if (target.startsWith("/")) this.#restart([]);
    if (names.length + this.#pending.length > MAX_STEPS) throw tooManyLinks();
    this.#pending.push(...names.toReversed());
  }

  /** Once, at the end. */
  release(): void {
    this.#backToRoot();
    this.#root.release();
  }

  #backToRoot(): void {
    if (this.#directory !== this.#root.fd) closeSync(this.#directory);
    this.#directory = this.#root.fd;
  }

  // The kernel's ".." of a directory somebody moves may be anywhere, so the way up is walked down again from the root.
  #leave(): void {
    if (this.#entered.length === 0) throw leavesJail();
    this.#restart(this.#entered.slice(0, -1));
  }

  #restart(names: readonly string[]): void {
    this.#backToRoot();
    this.#entered.length = 0;
    this.#pending.push(...names.toReversed());
  }

  // Administrators link by absolute host paths; one that points below the home means the place inside.
  #insideRoot(target: string): string {
    const below = pathBelow(this.#rootPaths, target);
    if (below === undefined) throw leavesJail();
    return below;
  }
}

function leavesJail(): SftpError {
  return new SftpError("PERMISSION_DENIED", "the path leads out of the home directory");
}

export function tooManyLinks(): SftpError {
  return new SftpError("FAILURE", "too many symbolic links");
}

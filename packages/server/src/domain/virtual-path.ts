/**
 * Paths as the client sees them: absolute, "/"-separated, rooted at the user's home. Pure text; what such a path
 * means on a disk is decided in `files/`.
 */

/** Linux' PATH_MAX; longer paths are refused before any disk is asked. */
export const MAX_PATH_BYTES = 4096;

/**
 * The names of a normalised virtual path, none for "/". Undefined when the text is not one: relative, holding "..",
 * ".", empty names or NUL, not well-formed Unicode, or longer than {@link MAX_PATH_BYTES}.
 */
export function splitVirtualPath(path: string): readonly string[] | undefined {
  if (path === "/") return [];
  if (!path.startsWith("/") || path.includes("\0") || !path.isWellFormed()) return undefined;
  // A character is at most three bytes of UTF-8 for each of its UTF-16 units, so short paths need no counting.
  if (path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES) return undefined;
  const names = path.slice(1).split("/");
  return names.every((name) => name !== "" && name !== "." && name !== "..") ? names : undefined;
}

export function joinVirtualPath(names: readonly string[]): string {
  return `/${names.join("/")}`;
}

/** The directory a path lies in; "/" for "/" itself. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** The last name of a path; "" for "/". */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether `path` lies below `directory`, at any depth. A path is not inside itself. */
export function isInside(path: string, directory: string): boolean {
  if (directory === "/") return path !== "/";
  return path.length > directory.length && path.startsWith(directory) && path[directory.length] === "/";
}

/** The path itself and every directory above it, nearest first, "/" last. */
export function* ancestorsAndSelf(path: string): Generator<string> {
  for (let current = path; current !== "/"; current = parentOf(current)) yield current;
  yield "/";
}

/** Cleans "." , "..", doubled and trailing slashes of an absolute path from a user document. ".." stops at "/". */
export function normaliseVirtualPath(path: string): string {
  return joinVirtualPath(walk([], path) ?? []);
}

/**
 * What `target` means when written in a link in `directory`. Undefined when it climbs above "/", which for a link on a
 * disk would be a way out of the home.
 */
export function resolveLinkTarget(directory: string, target: string): string | undefined {
  const start = target.startsWith("/") ? [] : directory.split("/");
  const names = walk(start.filter(Boolean), target, "refuse");
  return names && joinVirtualPath(names);
}

/** `to` as a relative path that means the same when written in a link in `directory`. "." for the directory itself. */
export function relativeVirtualPath(directory: string, to: string): string {
  const from = directory.split("/").filter(Boolean);
  const target = to.split("/").filter(Boolean);
  let shared = 0;
  while (shared < from.length && shared < target.length && from[shared] === target[shared]) shared++;
  return [...from.slice(shared).fill(".."), ...target.slice(shared)].join("/") || ".";
}

function walk(start: readonly string[], path: string, above: "stop" | "refuse" = "stop"): string[] | undefined {
  const names = [...start];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined && above === "refuse") return undefined;
  }
  return names;
}

// Not `import`: that evaluates every lazy part of node:fs, a tenth of a plugin's start.
const fs = process.getBuiltinModule("node:fs");

// By a name of its own in all copies of this package: one of them has replaced the functions for all.
const ORIGINAL = Symbol.for("@fairlead/go-plugin/original");

const REPLACED = ["write", "writeSync", "writev", "writevSync", "writeFileSync"] as const;

/** `fs.writeSync`, also to stdout. */
export const writeSync = originalOf(fs.writeSync);

/** `fs.write`, also to stdout. */
export const write = originalOf(fs.write);

/**
 * From now on, what this process writes to file descriptor 1 past process.stdout (`fs.writeSync(1, …)`, and so pino's
 * usual destination) goes to stderr, which hosts log, and not where they expect the handshake line. Of no effect on
 * native code and on children that inherit the descriptor.
 */
export function divertDirectWrites(): void {
  if (originalOf(fs.writeSync) !== fs.writeSync) return;
  for (const name of REPLACED) Object.defineProperty(fs, name, { value: divert(fs[name]) });
  // So that `import { writeSync } from "node:fs"` is not the old one.
  process.getBuiltinModule("node:module").syncBuiltinESMExports();
}

/** A proxy, because what promisify() looks for is on the function itself. */
function divert(original: (...args: never[]) => unknown): object {
  return new Proxy<object>(original, {
    apply: (_target, self, [fd, ...others]: unknown[]): unknown =>
      Reflect.apply(original, self, [fd === 1 ? 2 : fd, ...others] as never[]),
    get: (target, key): unknown => (key === ORIGINAL ? target : Reflect.get(target, key)),
  });
}

function originalOf<Write extends object>(replaced: Write): Write {
  return (replaced as { readonly [ORIGINAL]?: Write })[ORIGINAL] ?? replaced;
}

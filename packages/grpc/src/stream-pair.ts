import type { Duplex } from "node:stream";

/** Two ends of one in-memory byte stream: what is written to one is read from the other. */
export function createStreamPair(): [Duplex, Duplex] {
  // Not `import`: an old Node could then not even load the module that refuses to run on it.
  const [left, right] = process.getBuiltinModule("node:stream").duplexPair();
  // A socket tells its peer when it is destroyed; the pair does not by itself.
  left.once("close", () => right.destroy());
  right.once("close", () => left.destroy());
  return [left, right];
}

export { connectInMemory } from "./connect-in-memory.ts";
export type { InMemoryOptions, InMemoryPlugin } from "./connect-in-memory.ts";

/** What one seed does: the same seed does the same, as far as two runs of several processes can. */
export interface CrashPlan {
  readonly seed: number;
  readonly users: number;
  /** Uploads of all users together. */
  readonly uploads: number;
  /** After how many replies of the server, to all users together, something is killed. */
  readonly kills: readonly Kill[];
  /** How long the plugin takes over an event: the slower, the more waits in the journal. */
  readonly pluginDelayMs: number;
  readonly random: () => number;
}

export interface Kill {
  readonly afterReplies: number;
  readonly victim: "server" | "plugin" | "both";
  /** So much later, to meet every part of what is done for a request. */
  readonly delayMs: number;
}

export function createCrashPlan(seed: number, uploads: number): CrashPlan {
  const random = createRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const users = 2 + Math.floor(random() * 7);
  const pluginDelayMs = pick([0, 0, 1, 3]);
  const count = pick([1, 1, 2]);
  const kills = Array.from({ length: count }, (): Kill => {
    const afterReplies = 1 + Math.floor(random() * uploads);
    return { afterReplies, victim: pick(["server", "server", "server", "both", "plugin"]), delayMs: random() * 8 };
  });
  kills.sort((a, b) => a.afterReplies - b.afterReplies);
  // Whatever else is killed, the server is.
  if (kills.every(({ victim }) => victim === "plugin")) kills[0] = { ...kills[0]!, victim: "both" };
  return { seed, users, uploads, kills, pluginDelayMs, random };
}

/** mulberry32 */
function createRandom(seed: number): () => number {
  // Seeds that follow each other must have nothing in common.
  let state = Math.imul(seed, 0x9e_37_79_b9) >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

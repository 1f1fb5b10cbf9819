/** Numbers from 0 up to 1, the same in every run (mulberry32). */
export function createRandom(state: number): () => number {
  let next = state;
  return () => {
    next = (next + 0x6d2b79f5) | 0;
    let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Half of the time `valid` with a few bytes changed and its end cut off, else anything. */
export function makeHostileBytes(valid: Uint8Array, random: () => number): Uint8Array {
  return random() < 0.5 && valid.length > 0 ? mutate(valid, random) : garbage(random);
}

function mutate(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let change = 0; change < 1 + random() * 4; change++) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  }
  return copy.subarray(0, Math.ceil(random() * copy.length));
}

function garbage(random: () => number): Uint8Array {
  return Uint8Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256));
}

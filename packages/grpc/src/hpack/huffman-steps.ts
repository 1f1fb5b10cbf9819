import { CODE_COUNTS, END_OF_STRING, FIRST_CODES, FIRST_RANKS, MAX_LENGTH, SYMBOLS } from "./huffman-code.ts";

// Decoding takes four bits at a time from a state to the next. A state is an inner node of the code tree: there are 256,
// numbered from the root by depth, then by the bits that lead there. As no code is shorter than five bits, a step
// completes at most one symbol.
//
// A step is found out when it is first taken: a process that starts decodes a few short strings, and finding all 4,096
// steps first would cost it more than that.

/** By state * 16 + four bits: the next state, flags and the symbol completed; 0 when not found out yet. */
export const STEPS = new Uint32Array(256 * 16);

export const STATE_MASK = 0xff;
export const EMITS = 0x100;
export const FAILS = 0x200;
export const SYMBOL_SHIFT = 10;

/** The first state of each depth: nodes that are no code, which are the highest of their depth. */
const FIRST_STATES = numberStates();

function numberStates(): Uint16Array {
  const first = new Uint16Array(MAX_LENGTH + 1);
  for (let depth = 0, nodes = 1; depth < MAX_LENGTH; depth++) {
    const inner = nodes - CODE_COUNTS[depth]!;
    first[depth + 1] = first[depth]! + inner;
    nodes = inner * 2;
  }
  return first;
}

/** Bits of the lowest inner node of a depth. */
function firstInner(depth: number): number {
  return FIRST_CODES[depth]! + CODE_COUNTS[depth]!;
}

export function findStep(state: number, fourBits: number): number {
  let depth = 0;
  while (FIRST_STATES[depth + 1]! <= state) depth++;
  let bits = firstInner(depth) + state - FIRST_STATES[depth]!;
  let flags = 0;
  for (let shift = 3; shift >= 0; shift--) {
    bits = bits * 2 + ((fourBits >>> shift) & 1);
    depth++;
    const rank = bits - FIRST_CODES[depth]!;
    if (rank >= CODE_COUNTS[depth]!) continue;
    const symbol = SYMBOLS[FIRST_RANKS[depth]! + rank]!;
    flags = symbol === END_OF_STRING ? FAILS : flags | EMITS | (symbol << SYMBOL_SHIFT);
    if (symbol === END_OF_STRING) break;
    bits = 0;
    depth = 0;
  }
  const next = (flags & FAILS) === 0 ? FIRST_STATES[depth]! + bits - firstInner(depth) : 0;
  const step = next | flags;
  STEPS[(state << 4) | fourBits] = step;
  return step;
}

/** Whether a string may end here: after at most seven bits of the end-of-string symbol, which are all ones. */
export function isPadding(state: number): boolean {
  for (let depth = 0; depth < 8; depth++) if (state === FIRST_STATES[depth + 1]! - 1) return true;
  return false;
}

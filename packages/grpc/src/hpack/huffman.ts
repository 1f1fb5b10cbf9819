import { END_OF_STRING, HUFFMAN_CODES, HUFFMAN_LENGTHS } from "./huffman-code.ts";

/** How many octets `text` takes when coded. Characters must be octets. */
export function huffmanSizeBytes(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += HUFFMAN_LENGTHS[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes `text` coded at `offset` and returns the offset after it; the room must be there. */
export function encodeHuffman(text: string, target: Uint8Array, offset: number): number {
  let pending = 0; // bits not yet written, fewer than 8 between symbols
  let pendingBits = 0;
  let at = offset;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    let code = HUFFMAN_CODES[symbol]!;
    let length = HUFFMAN_LENGTHS[symbol]!;
    // Seven pending bits and a code of up to 30 do not fit 32 bits: long codes go in two pieces.
    if (length > 16) {
      length -= 16;
      pending = (pending << length) | (code >>> 16);
      pendingBits += length;
      while (pendingBits >= 8) target[at++] = pending >>> (pendingBits -= 8);
      code &= 0xffff;
      length = 16;
    }
    pending = (pending << length) | code;
    pendingBits += length;
    while (pendingBits >= 8) target[at++] = pending >>> (pendingBits -= 8);
    pending &= 0xff;
  }
  if (pendingBits > 0) target[at++] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
  return at;
}

/**
 * Decodes `source[start, end)` into `target` and returns how many octets came out, or -1 when the coding is wrong:
 * an end-of-string symbol inside, padding of more than seven bits, padding that is not its first bits (RFC 7541 §5.2).
 * `target` needs `huffmanMaxDecodedBytes` of room.
 */
export function decodeHuffman(source: Uint8Array, start: number, end: number, target: Uint8Array): number {
  const { steps, padding } = (machine ??= buildMachine());
  let state = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    const octet = source[i]!;
    const high = steps[(state << 4) | (octet >>> 4)]!;
    if (high & EMITS) target[count++] = high >>> SYMBOL_SHIFT;
    const low = steps[((high & STATE_MASK) << 4) | (octet & 0xf)]!;
    if (low & EMITS) target[count++] = low >>> SYMBOL_SHIFT;
    if ((high | low) & FAILS) return -1;
    state = low & STATE_MASK;
  }
  return padding[state] === 1 ? count : -1;
}

/** The shortest code has five bits. */
export function huffmanMaxDecodedBytes(codedBytes: number): number {
  return Math.floor((codedBytes * 8) / 5);
}

// A state is an inner node of the code tree (256 of them, the root is 0); a step takes four bits from a state to the
// next. As no code is shorter than five bits, a step completes at most one symbol.
interface Machine {
  /** By state * 16 + four bits: next state, flags, symbol. */
  readonly steps: Uint32Array;
  /** 1 for states in which a string may end. */
  readonly padding: Uint8Array;
}

const STATE_MASK = 0xff;
const EMITS = 0x100;
const FAILS = 0x200;
const SYMBOL_SHIFT = 10;

// Built at the first use: 4,096 steps.
let machine: Machine | undefined;

function buildMachine(): Machine {
  const tree = buildTree();
  const steps = new Uint32Array(256 * 16);
  for (let state = 0; state < 256; state++) {
    for (let bits = 0; bits < 16; bits++) steps[(state << 4) | bits] = walk(tree, state, bits);
  }
  const padding = new Uint8Array(256);
  for (let node = 0, depth = 0; depth < 8; depth++) {
    padding[node] = 1;
    node = tree[node * 2 + 1]!;
  }
  return { steps, padding };
}

function walk(tree: Int16Array, state: number, bits: number): number {
  let node = state;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = tree[node * 2 + ((bits >>> bit) & 1)]!;
    if (child >= 0) {
      node = child;
      continue;
    }
    if (~child === END_OF_STRING) return FAILS;
    flags = EMITS | (~child << SYMBOL_SHIFT);
    node = 0;
  }
  return node | flags;
}

/** Two children a node; a negative child is the complement of a symbol. Every inner node has both. */
function buildTree(): Int16Array {
  const tree = new Int16Array(256 * 2);
  let nodes = 1;
  for (let symbol = 0; symbol < HUFFMAN_LENGTHS.length; symbol++) {
    const code = HUFFMAN_CODES[symbol]!;
    let node = 0;
    for (let bit = HUFFMAN_LENGTHS[symbol]! - 1; bit > 0; bit--) {
      const branch = node * 2 + ((code >>> bit) & 1);
      if (tree[branch] === 0) tree[branch] = nodes++;
      node = tree[branch]!;
    }
    tree[node * 2 + (code & 1)] = ~symbol;
  }
  return tree;
}

import { HUFFMAN_CODES, HUFFMAN_LENGTHS } from "./huffman-code.ts";
import { EMITS, FAILS, findStep, isPadding, STATE_MASK, STEPS, SYMBOL_SHIFT } from "./huffman-steps.ts";

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
  let state = 0;
  let count = 0;
  for (let i = start; i < end; i++) {
    const octet = source[i]!;
    const high = STEPS[(state << 4) | (octet >>> 4)]! || findStep(state, octet >>> 4);
    if (high & EMITS) target[count++] = high >>> SYMBOL_SHIFT;
    state = high & STATE_MASK;
    const low = STEPS[(state << 4) | (octet & 0xf)]! || findStep(state, octet & 0xf);
    if (low & EMITS) target[count++] = low >>> SYMBOL_SHIFT;
    state = low & STATE_MASK;
    if ((high | low) & FAILS) return -1;
  }
  return isPadding(state) ? count : -1;
}

/** The shortest code has five bits. */
export function huffmanMaxDecodedBytes(codedBytes: number): number {
  return Math.floor((codedBytes * 8) / 5);
}

// RFC 7541 appendix B. The code is canonical: codes of one length are consecutive in symbol order, and each length
// starts where the shorter ones ended. So the lengths say everything.
export const HUFFMAN_LENGTHS = Uint8Array.from(
  [
    [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
    [28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
    [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
    [5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
    [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
    [7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
    [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
    [6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
    [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
    [24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
    [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
    [21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
    [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
    [19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
    [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
    [26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
    [30],
  ].flat(),
);

/** The symbol that ends a string: never written, only its first bits, as padding. */
export const END_OF_STRING = 256;

export const MAX_LENGTH = 30;

/** How many codes there are of each length. */
export const CODE_COUNTS = new Uint16Array(MAX_LENGTH + 1);
/** The first code of each length. */
export const FIRST_CODES = new Uint32Array(MAX_LENGTH + 1);
/** Where the symbols of each length start in SYMBOLS. */
export const FIRST_RANKS = new Uint16Array(MAX_LENGTH + 1);
/** Symbols in the order of their codes. */
export const SYMBOLS = new Uint16Array(HUFFMAN_LENGTHS.length);
/** By symbol. */
export const HUFFMAN_CODES = new Uint32Array(HUFFMAN_LENGTHS.length);

assignCodes();

function assignCodes(): void {
  for (const length of HUFFMAN_LENGTHS) CODE_COUNTS[length]!++;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    FIRST_CODES[length] = (FIRST_CODES[length - 1]! + CODE_COUNTS[length - 1]!) * 2;
    FIRST_RANKS[length] = FIRST_RANKS[length - 1]! + CODE_COUNTS[length - 1]!;
  }
  const nextRanks = FIRST_RANKS.slice();
  for (const [symbol, length] of HUFFMAN_LENGTHS.entries()) {
    const rank = nextRanks[length]!++;
    SYMBOLS[rank] = symbol;
    HUFFMAN_CODES[symbol] = FIRST_CODES[length]! + rank - FIRST_RANKS[length]!;
  }
}

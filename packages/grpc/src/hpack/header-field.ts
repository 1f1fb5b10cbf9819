/** One header line. Names and values are octets held as latin1 characters; names are lower case by HTTP/2's rules. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** Never put in a table, here or further on (RFC 7541 §7.1.3). */
  readonly sensitive?: boolean;
}

/** The size a field counts for, in tables and in header list limits: RFC 7541 §4.1, RFC 9113 §6.5.2. */
export function fieldSizeBytes(name: string, value: string): number {
  return name.length + value.length + 32;
}

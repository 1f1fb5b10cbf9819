/** A schema's descriptors, of their generated form. */
export function decodeDescriptors(texts: readonly string[]): readonly Uint8Array[] {
  return texts.map((text) => Buffer.from(text, "base64"));
}

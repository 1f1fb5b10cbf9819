/** The files of a google.protobuf.FileDescriptorSet (`repeated FileDescriptorProto file = 1`), each still serialized. */
export function filesOfSet(set: Uint8Array): Uint8Array[] {
  return [...fieldsOf(set)].filter(({ number }) => number === 1).map(({ bytes }) => bytes);
}

/** `string name = 1` of a FileDescriptorProto. */
export function fileNameOf(file: Uint8Array): string {
  const name = [...fieldsOf(file)].find(({ number }) => number === 1);
  return Buffer.from(name?.bytes ?? []).toString();
}

// What buf writes holds fields of bytes only, and ends with the numbers nobody here asks for.
function* fieldsOf(message: Uint8Array): Generator<{ readonly number: number; readonly bytes: Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const octet = message[at++] ?? 0;
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    if (tag % 8 !== 2) return;
    const end = varint() + at;
    yield { number: Math.floor(tag / 8), bytes: message.subarray(at, end) };
    at = end;
  }
}

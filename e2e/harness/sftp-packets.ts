/** Names of the SFTP version 3 numbers the hostile client needs (draft-ietf-secsh-filexfer-02, section 3). */
export const packetType = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
} as const;

export const statusCode = { ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, badMessage: 5 } as const;

export const openFlag = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const;

/** A field: number is uint32, bigint is uint64, text and bytes get their length in front. */
export type Field = number | bigint | string | Uint8Array;

/** A whole packet, its length in front. */
export function encodePacket(type: number, ...fields: readonly Field[]): Buffer {
  const body = Buffer.concat([Buffer.from([type]), ...fields.map((field) => encodeField(field))]);
  return Buffer.concat([uint32(body.length), body]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function encodeField(field: Field): Buffer {
  if (typeof field === "number") return uint32(field);
  if (typeof field === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(field);
    return bytes;
  }
  const bytes = Buffer.from(field);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** An answer: its type, the id it answers and the rest of its bytes. */
export class Reply {
  readonly type: number;
  readonly id: number;
  readonly rest: Buffer;

  constructor(body: Buffer) {
    this.type = body.readUInt8(0);
    this.id = body.readUInt32BE(1);
    this.rest = body.subarray(5);
  }

  /** The code of a STATUS, else undefined. */
  get status(): number | undefined {
    return this.type === packetType.status ? this.rest.readUInt32BE(0) : undefined;
  }

  /** The first length-prefixed field: a handle, the bytes of a read. */
  get bytes(): Buffer {
    return this.rest.subarray(4, 4 + this.rest.readUInt32BE(0));
  }

  /** File names of a NAME answer, with their long form. */
  get names(): { readonly name: string; readonly longName: string }[] {
    const found = [];
    let at = 4;
    for (let left = this.rest.readUInt32BE(0); left > 0; left -= 1) {
      const name = this.rest.subarray(at + 4, at + 4 + this.rest.readUInt32BE(at));
      at += 4 + name.length;
      const longName = this.rest.subarray(at + 4, at + 4 + this.rest.readUInt32BE(at));
      at += 4 + longName.length;
      at += attributesLength(this.rest, at);
      found.push({ name: name.toString("utf8"), longName: longName.toString("utf8") });
    }
    return found;
  }
}

function attributesLength(bytes: Buffer, at: number): number {
  const flags = bytes.readUInt32BE(at);
  const size = flags & 1 ? 8 : 0;
  const owner = flags & 2 ? 8 : 0;
  const mode = flags & 4 ? 4 : 0;
  const times = flags & 8 ? 8 : 0;
  return 4 + size + owner + mode + times;
}

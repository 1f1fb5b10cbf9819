import { createPrivateKey, randomBytes } from "node:crypto";

/**
 * Private keys as ssh2 reads them. OpenSSH's own format and the old PEM formats go through; PKCS#8, which
 * SFTPGo and openssl write, is rewritten. Throws what node:crypto throws for text that is no key.
 */
export function toSsh2PrivateKey(text: string): string {
  if (!/-----BEGIN PRIVATE KEY-----/.test(text)) {
    return text;
  }
  const key = createPrivateKey(text);
  switch (key.asymmetricKeyType) {
    case "rsa":
      return key.export({ type: "pkcs1", format: "pem" });
    case "ec":
      return key.export({ type: "sec1", format: "pem" });
    case "ed25519":
      return formatOpenSshEd25519(key.export({ format: "jwk" }));
    default:
      throw new TypeError(`keys of type ${key.asymmetricKeyType ?? "unknown"} cannot be host keys`);
  }
}

/** OpenSSH's PROTOCOL.key, unencrypted, one Ed25519 key, no comment. */
function formatOpenSshEd25519({ d = "", x = "" }: { readonly d?: string; readonly x?: string }): string {
  const seed = Buffer.from(d, "base64url");
  const publicKey = Buffer.from(x, "base64url");
  const publicBlob = Buffer.concat([text("ssh-ed25519"), string(publicKey)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, publicBlob, string(Buffer.concat([seed, publicKey])), text("")]);
  const blockBytes = 8;
  const padding = Buffer.from(
    Array.from({ length: (blockBytes - (secret.length % blockBytes)) % blockBytes }, (_, index) => index + 1),
  );
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0", "latin1"),
    text("none"),
    text("none"),
    text(""),
    uint32(1),
    string(publicBlob),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString("base64").replace(/(.{70})/g, "$1\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

function text(value: string): Buffer {
  return string(Buffer.from(value, "latin1"));
}

function string(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

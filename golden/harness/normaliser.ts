/** Where things are in one run; the recordings have a word for each. */
export interface Places {
  /** Longest first is not needed: they are sorted. Real text → placeholder. */
  readonly words: ReadonlyMap<string, string>;
}

const MS_FIELDS =
  /("(?:created_at|updated_at|last_password_change|last_login|first_upload|first_download|last_quota_update)":)\d{13}/g;

/** Replaces what differs from run to run by the words of the recordings. One for each situation: it counts. */
export class Normaliser {
  readonly #words: readonly (readonly [string, string])[];
  readonly #seen = new Map<string, Map<string, string>>();

  constructor(words: ReadonlyMap<string, string>) {
    this.#words = [...words].sort(([a], [b]) => b.length - a.length);
  }

  /** Text of clients, errors and logs. */
  text(value: string): string {
    let text = value;
    for (const [real, word] of this.#words) text = text.replaceAll(real, word);
    return (
      text
        .replaceAll(/\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/g, "$BCRYPT")
        .replaceAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/g, "$PEM")
        .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "$JWT")
        .replaceAll(/[A-Z][a-z]{2} +\d{1,2} +(?:\d{2}:\d{2}|\d{4})(?= \S)/g, (date) =>
          date === "Jan 1  1970" ? date : "$LSDATE",
        )
        .replaceAll(/(?<="expires_at":")[^"]+/g, "$TIME")
        .replaceAll(MS_FIELDS, "$1$MS_EPOCH")
        .replaceAll(/elapsed: [\d.]+(?:µs|ms|s)/g, "elapsed: $DUR")
        .replaceAll(/current timestamp: \d{13}/g, "current timestamp: $MS_EPOCH")
        // Which of the two it is depends on who is faster.
        .replaceAll(
          /(?<=kex_exchange_identification: )(?:read: Connection reset by peer|Connection closed by remote host)/g,
          "$CLOSED",
        )
        .replaceAll(/(?<= port )\d{4,5}(?=:\d)/g, "$SSH_PORT")
        .replaceAll(/(?<=127\.0\.0\.1:)\d{4,5}(?=: (?:read|i\/o))/g, "$CLIENT_PORT")
    );
  }

  /** The fields of a request. */
  request(req: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const isPre = String(req["action"]).startsWith("pre-");
    const normal: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(req)) normal[name] = this.#field(name, value, isPre);
    return normal;
  }

  #field(name: string, value: unknown, isPre: boolean): unknown {
    if (name === "timestamp") return /^\d{19}$/.test(String(value)) ? "$NS" : value;
    if (name === "elapsed") return isPre || typeof value !== "string" || !/^\d+$/.test(value) ? value : "$MS";
    if (name === "session_id") return this.#sessionId(String(value));
    if (name === "requestID") return this.#numbered("XID", String(value));
    if (isBytes(value)) {
      const text = this.#document(this.text(value._text));
      return text === "" ? { _len: 0, _text: "" } : { _json: parseOrUndefined(text), _len: "$N", _text: text };
    }
    return typeof value === "string" ? this.text(value) : value;
  }

  /** `SFTP_<hash>_1`, or an id of 20 characters inside. */
  #sessionId(value: string): string {
    return value
      .replaceAll(/[0-9a-f]{64}/g, (hash) => this.#numbered("SSHID", hash))
      .replaceAll(/(?<![0-9a-z])[0-9a-v]{20}(?![0-9a-z])/g, (id) => this.#numbered("XID", id));
  }

  /** Row ids depend on who was added before: only whether there is one is compared. */
  #document(text: string): string {
    return text.replace(/^\{"id":[1-9]\d*,/, '{"id":$ROW,').replaceAll(/"\$MS_EPOCH"/g, "$MS_EPOCH");
  }

  #numbered(kind: string, value: string): string {
    if (value === "" || value.startsWith("$")) return value;
    const seen = this.#seen.get(kind) ?? new Map<string, string>();
    this.#seen.set(kind, seen);
    const known = seen.get(value) ?? `$${kind}${seen.size + 1}`;
    seen.set(value, known);
    return known;
  }
}

function isBytes(value: unknown): value is { _text: string } {
  return typeof value === "object" && value !== null && "_text" in value;
}

/** The placeholders stand where numbers stood. */
function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/(?<=:)(\$[A-Z_]+)(?=[,}])/g, '"$1"'));
  } catch {
    return undefined;
  }
}

const REDACTED = "[redacted]";
const inspect = Symbol.for("nodejs.util.inspect.custom");

/**
 * A text that does not get out by accident: logged, printed, put into a message, made JSON or inspected, it is
 * `[redacted]`. Only {@link reveal} gives it away.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Ask for it where it is used, and keep the Secret until then. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect](): string {
    return REDACTED;
  }
}

import { ENV_PROTOCOL_VERSIONS } from "../protocol/constants.ts";
import { captureStream } from "./captured-stream.ts";
import type { PrintStream } from "./captured-stream.ts";
import { divertDirectWrites } from "./direct-writes.ts";
import type { StdioData } from "../protocol/services.ts";
import { StdioRelay } from "./stdio-relay.ts";
import { writeAllSync } from "./write-all.ts";

/**
 * Nothing but the handshake line may come first on fd 1, and dependencies print whenever they like. So this module takes
 * process.stdout over as soon as it is loaded, when a go-plugin host started the process: it is the first import of the
 * serve entry. What is printed goes to the host by GRPCStdio; what is written to fd 1 past process.stdout goes to stderr.
 * (Native code, and a child process that inherits fd 1, cannot be caught.)
 */
class ProcessOutput {
  readonly relay = new StdioRelay();
  #restore: (() => void) | undefined;
  // A program below a plugin that never serves gets its text out where it belongs. One that fails, and a plugin that
  // ends before its handshake, must not have it taken for the handshake line.
  readonly #flush = (code: number): void => this.release(code === 0 && !this.#adopted ? 1 : 2);
  #adopted = false;

  /** Takes over process.stdout. Idempotent. */
  captureStdout(): void {
    if (this.#restore !== undefined) return;
    const stdout: PrintStream = process.stdout;
    this.#restore = captureStream(stdout, (bytes) => this.#push("stdout", bytes, stdout));
    divertDirectWrites();
    process.once("exit", this.#flush);
  }

  /** This process becomes a plugin. */
  adopt(): void {
    this.captureStdout();
    this.#adopted = true;
  }

  /** The handshake line is out: from here on what is printed belongs to GRPCStdio. */
  serve(): void {
    process.off("exit", this.#flush);
  }

  /**
   * Copies process.stderr to GRPCStdio. Unlike Go's plugins, ours also leave it on fd 2: hosts such as SFTPGo drop the
   * stream, and an author's console.error must not vanish. A host that says it takes it gets it once; what has not reached
   * it when the process ends is left on fd 2 after all, and so is what it is too slow to take: last words matter most.
   */
  copyStderr(): void {
    const stderr: PrintStream = process.stderr;
    captureStream(stderr, (bytes, original) => {
      if (this.relay.isStderrTaken) return this.#push("stderr", bytes, stderr);
      this.relay.push("stderr", bytes, { isOnlyCopy: false });
      return original(bytes);
    });
    process.once("exit", () => this.#writeRest(2, ({ channel }) => channel === "stderr"));
  }

  /** Copies process.stdout and process.stderr to GRPCStdio while a host reads it; they stay what they are. */
  copyToReader(): void {
    for (const channel of ["stdout", "stderr"] as const) {
      captureStream(process[channel], (bytes, original) => {
        if (this.relay.isRead) this.relay.push(channel, bytes, { isOnlyCopy: false });
        return original(bytes);
      });
    }
  }

  /** Gives process.stdout back and writes what was caught to a descriptor. */
  release(fd: 1 | 2): void {
    this.#restore?.();
    this.#restore = undefined;
    process.off("exit", this.#flush);
    this.#writeRest(fd, () => true);
  }

  #writeRest(fd: 1 | 2, isWanted: (print: StdioData) => boolean): void {
    try {
      for (const print of this.relay.takeOnlyCopies()) if (isWanted(print)) writeAllSync(fd, print.data);
    } catch {
      // The reader is gone, and with it whoever wanted the text.
    }
  }

  #push(channel: "stdout" | "stderr", bytes: Uint8Array, stream: PrintStream): boolean {
    const more = this.relay.push(channel, bytes);
    if (!more) this.relay.onceDrained(() => stream.emit("drain"));
    return more;
  }
}

/** The one process's output. Only serve() adopts it. */
export const processOutput = new ProcessOutput();

if (process.env[ENV_PROTOCOL_VERSIONS] !== undefined) processOutput.captureStdout();

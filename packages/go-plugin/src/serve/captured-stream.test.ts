import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { captureStream } from "./captured-stream.ts";
import type { PrintStream } from "./captured-stream.ts";

function createStream(): PrintStream & { readonly written: string[] } {
  const written: string[] = [];
  return {
    written,
    write(chunk) {
      written.push(String(chunk));
      return true;
    },
    emit: () => true,
  };
}

describe("captureStream", () => {
  it("takes text in its encoding, and bytes", () => {
    const taken: string[] = [];
    const stream = createStream();
    captureStream(stream, (bytes) => taken.push(Buffer.from(bytes).toString()) > 0);
    stream.write("é");
    stream.write("6869", "hex");
    stream.write(Buffer.from("b"));
    assert.deepEqual(taken, ["é", "hi", "b"]);
    assert.deepEqual(stream.written, []);
  });

  it("calls the writer's callback wherever it stands", async () => {
    const stream = createStream();
    captureStream(stream, () => true);
    await new Promise((resolve) => stream.write("x", resolve));
    await new Promise((resolve) => stream.write("x", "utf8", resolve));
  });

  it("answers what the taker says, so that writers can wait", () => {
    const stream = createStream();
    captureStream(stream, () => false);
    assert.equal(stream.write("x"), false);
  });

  it("can be undone", () => {
    const stream = createStream();
    const restore = captureStream(stream, () => true);
    restore();
    stream.write("x");
    assert.deepEqual(stream.written, ["x"]);
  });
});

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer, text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { createYamuxSession } from "../packages/go-plugin/src/yamux/yamux-session.ts";
import type { YamuxOptions, YamuxSession } from "../packages/go-plugin/src/yamux/yamux-session.ts";
import { buildInterop } from "./build.ts";
import { openTempFolder } from "./temp-folder.ts";

const built = await buildInterop();

const MIB = 1_048_576;

interface Report {
  readonly echoed: number;
  readonly broken: number;
  readonly brokenBy: string;
  readonly answered: number;
  readonly error: string;
}

interface GoSession {
  readonly session: YamuxSession;
  /** Waits until Go has opened as many streams, and all streams have ended. */
  readonly untilOpened: (streams: number) => Promise<void>;
  /** What Go saw; resolves when the session has ended. */
  readonly report: Promise<Report>;
}

function echo(stream: Duplex): void {
  stream.pipe(stream);
}

/** Waits for a turn in which something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function use(
  side: "client" | "server",
  flags: readonly string[],
  act: (opened: GoSession) => Promise<void>,
  options: Partial<YamuxOptions> = {},
): Promise<void> {
  await using folder = await openTempFolder();
  const server = createServer();
  server.listen(folder.at("s"));
  await once(server, "listening");
  const other = side === "client" ? "server" : "client";
  const child = spawn(built!.yamuxPeer, ["--side", other, "--socket", folder.at("s"), ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const report = text(child.stdout).then((line) => JSON.parse(line) as Report);
  try {
    const [socket] = (await once(server, "connection")) as [Socket];
    const { onStream = echo } = options;
    let opened = 0;
    const session = createYamuxSession(socket, {
      side,
      ...options,
      onStream(stream) {
        opened++;
        onStream(stream);
      },
    });
    const untilOpened = (streams: number): Promise<void> =>
      until(() => opened === streams && session.streamCount === 0);
    await act({ session, report, untilOpened });
    session.destroy();
    await Promise.all([session.closed, report]);
  } finally {
    child.kill("SIGKILL");
    server.close();
  }
}

async function roundTrip(session: YamuxSession, body: Buffer): Promise<void> {
  const stream = session.openStream();
  stream.end(body);
  assert.ok((await buffer(stream)).equals(body));
}

suite("our yamux, Go's yamux", { skip: built === undefined && "go is not installed" }, () => {
  for (const side of ["client", "server"] as const) {
    test(`200 streams of each side at once come back whole, ours the ${side} [mux:yamux]`, async () => {
      await use(side, ["--streams", "200", "--size", "100000"], async ({ session, report, untilOpened }) => {
        const bodies = Array.from({ length: 200 }, (_, i) => randomBytes((i * 7919) % 300_000));
        await Promise.all(bodies.map((body) => roundTrip(session, body)));
        await untilOpened(200);
        await session.close();
        assert.deepEqual(await report, { echoed: 200, broken: 0, brokenBy: "", answered: 200, error: "" });
      });
    });

    test(`64 MiB pass in each direction on one stream, ours the ${side} [mux:yamux]`, async () => {
      await use(side, ["--streams", "1", "--size", String(64 * MIB)], async ({ session, report, untilOpened }) => {
        await roundTrip(session, randomBytes(64 * MIB));
        await untilOpened(1);
        await session.close();
        assert.deepEqual(await report, { echoed: 1, broken: 0, brokenBy: "", answered: 1, error: "" });
      });
    });

    test(`a reader in Go that is slow slows the writer down, ours the ${side} [mux:yamux]`, async () => {
      await use(side, ["--pause", "2ms"], async ({ session }) => {
        const stream = session.openStream();
        const back = buffer(stream);
        const body = randomBytes(4 * MIB);
        for (let at = 0; at < body.length; at += 65_536) {
          if (!stream.write(body.subarray(at, at + 65_536))) await once(stream, "drain");
          assert.ok(stream.writableLength <= 131_072, `${stream.writableLength} bytes wait`);
        }
        stream.end();
        assert.ok((await back).equals(body));
      });
    });
  }

  test("a reader of ours that is slow slows Go down [mux:yamux]", async () => {
    let bufferedBytes = 0;
    const onStream = (stream: Duplex): void => {
      const readSome = (): void => {
        bufferedBytes = Math.max(bufferedBytes, stream.readableLength);
        const piece = stream.read() as Buffer | null;
        if (piece !== null) stream.write(piece);
        if (stream.readableEnded) return;
        setTimeout(readSome, 1);
      };
      stream.once("end", () => stream.end());
      readSome();
    };
    await use(
      "server",
      ["--streams", "1", "--size", String(4 * MIB), "--drop"],
      async ({ report }) => assert.deepEqual((await report).answered, 1),
      { onStream },
    );
    assert.ok(bufferedBytes <= 256 * 1024, `${bufferedBytes} bytes were buffered`);
  });

  test("what we reset, Go sees reset; what Go drops, we see ended [mux:yamux]", async () => {
    await use("client", [], async ({ session, report }) => {
      const stream = session.openStream();
      stream.write("x");
      await once(stream, "data");
      stream.destroy();
      // The end of the session must not overtake the reset on its way to Go's reader of the stream.
      await roundTrip(session, randomBytes(1000));
      await session.close();
      const { broken, brokenBy } = await report;
      assert.deepEqual([broken, brokenBy], [1, "connection reset"]);
    });
    await use("client", ["--streams", "1", "--size", "10", "--drop"], async ({ session }) => {
      const stream = session.openStream();
      await new Promise((resolve) => stream.on("close", resolve).resume());
      assert.match(String(stream.errored), /the peer ended the session|the connection was closed/);
      assert.notEqual(session.closeReason, undefined);
    });
  });

  test("streams that we refuse are reset in Go, and Go lives on [mux:yamux]", async () => {
    const flags = ["--streams", "5", "--size", "10"];
    await use(
      "client",
      flags,
      async ({ session, report, untilOpened }) => {
        await roundTrip(session, randomBytes(1000));
        await untilOpened(5);
        await session.close();
        const { echoed, error } = await report;
        assert.equal(echoed, 1);
        assert.match(error, /reset/);
      },
      { onStream: (stream) => void stream.destroy() },
    );
  });

  test("Go's GO_AWAY is heeded [mux:yamux]", async () => {
    await use("client", ["--streams", "1", "--size", "1", "--go-away"], async ({ session }) => {
      const isRefused = (): boolean => {
        try {
          session.openStream().destroy();
          return false;
        } catch {
          return true;
        }
      };
      await until(isRefused);
      assert.throws(() => session.openStream(), { code: "refused" });
    });
  });

  test("pings are answered both ways, and keep the session [mux:yamux]", async () => {
    const often = { keepAliveIntervalMs: 10, keepAliveTimeoutMs: 2_000 };
    await use(
      "server",
      ["--keep-alive", "10ms"],
      async ({ session, report }) => {
        const stream = session.openStream();
        await new Promise((resolve) => setTimeout(resolve, 300));
        stream.write("still there");
        assert.equal(String(await once(stream, "data")), "still there");
        stream.end();
        await until(() => session.streamCount === 0);
        await session.close();
        assert.equal((await report).echoed, 1);
      },
      often,
    );
  });
});

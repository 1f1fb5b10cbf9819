import { once } from "node:events";
import { connect } from "node:net";
import { waitFor } from "../../e2e/harness/wait-for.ts";

/** Waits until a server takes connections on a loopback port; throws when it ended instead. */
export async function waitForPort(server: string, port: number, hasEnded: () => boolean): Promise<void> {
  await waitFor(`${server} to listen`, async () => hasEnded() || (await isListening(port)), { timeoutMs: 30_000 });
  if (hasEnded()) throw new Error(`${server} ended before it listened on port ${port}`);
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

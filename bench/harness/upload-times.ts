import type { RawSftp } from "../../e2e/harness/raw-sftp.ts";
import { openFlag, packetType } from "../../e2e/harness/sftp-packets.ts";

const content = Buffer.alloc(1024, "x");

/** How long each of so many small uploads takes in one session, from OPEN to the reply to CLOSE; milliseconds. */
export async function timeUploads(session: RawSftp, label: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startMs = performance.now();
    const { bytes: handle } = await session.open(
      `/${label}-${index}`,
      openFlag.write | openFlag.create | openFlag.truncate,
    );
    await session.request(packetType.write, handle, 0n, content);
    const { status } = await session.request(packetType.close, handle);
    if (status !== 0) throw new Error(`upload ${index} ended with status ${status}`);
    times.push(performance.now() - startMs);
  }
  return times;
}

/** The value that so much of all is not above. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

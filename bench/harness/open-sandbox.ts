import { accessSync, constants } from "node:fs";
import { Sandbox } from "../../e2e/harness/sandbox.ts";

/** A sandbox that closes with `stack`, in memory where that is possible: disks are not what is measured. */
export async function openSandbox(stack: AsyncDisposableStack): Promise<Sandbox> {
  const before = process.env["TMPDIR"];
  if (before === undefined && isWritable("/dev/shm")) process.env["TMPDIR"] = "/dev/shm";
  try {
    return await Sandbox.open({ after: (clean) => stack.defer(clean) });
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

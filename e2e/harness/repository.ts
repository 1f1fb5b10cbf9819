import { join } from "node:path";

/** The repository's folder. */
export const repositoryRoot = join(import.meta.dirname, "..", "..");

/** The pinned node that runs these tests: what the server and the plugins are run with, whatever is in PATH. */
export const nodeExecutable = process.execPath;

/** Names nothing of the machine that runs the tests but where its programs are. */
export const pathVariable = `${join(repositoryRoot, "node_modules", ".bin")}:${process.env["PATH"] ?? "/usr/bin:/bin"}`;

export { describeFileSystem } from "./describe-file-system.ts";
export type { FileSystemUnderTest } from "./describe-file-system.ts";

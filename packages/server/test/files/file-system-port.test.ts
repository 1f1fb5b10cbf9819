import { describeFileSystem } from "@fairlead/sftp/testing";
import { openTestFileSystem } from "./test-file-system.ts";

// The port's own promises. SFTPGo's defaults differ from them in two places, and are tested elsewhere.
const POSIX = { symlinkMode: 1, plainRenameOverwrites: false } as const;

describeFileSystem("user file system", () => openTestFileSystem(POSIX));

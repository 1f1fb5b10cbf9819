import type { FileAttributes, OpenFlags } from "../file-system.ts";
import { encodeAttributesReply, encodeHandle, encodePath, encodeStatVfs } from "../protocol/replies.ts";
import { SftpError } from "../sftp-error.ts";
import { OpenDirectory, OpenFile } from "./open-handles.ts";
import { expandRemotePath, resolveRemotePath } from "./remote-path.ts";
import { checkSettable } from "./settable-attributes.ts";
import { inTurn, sendOk } from "./session-context.ts";
import type { SessionContext } from "./session-context.ts";

/** OPEN (draft §6.3). */
export async function answerOpen(
  context: SessionContext,
  id: number,
  request: { readonly path: string; readonly flags: OpenFlags; readonly attributes: FileAttributes },
): Promise<void> {
  const path = resolve(context, request.path);
  const { flags, attributes } = request;
  checkSettable(attributes);
  const lane = flags.create || flags.truncate ? "alone" : "read";
  await openHandle(context, id, () =>
    inTurn(context, context.names, lane, async () => {
      const file = await context.fs.open(path, flags, attributes);
      return new OpenFile(path, file, flags);
    }),
  );
}

/** OPENDIR (draft §6.7). */
export async function answerOpendir(context: SessionContext, id: number, rawPath: string): Promise<void> {
  const path = resolve(context, rawPath);
  await openHandle(context, id, () =>
    inTurn(context, context.names, "read", async () => new OpenDirectory(await context.fs.openDirectory(path))),
  );
}

async function openHandle(
  context: SessionContext,
  id: number,
  open: () => Promise<OpenFile | OpenDirectory>,
): Promise<void> {
  context.handles.reserve();
  let opened: OpenFile | OpenDirectory;
  try {
    opened = await open();
  } catch (error: unknown) {
    context.handles.unreserve();
    throw error;
  }
  const handle = context.handles.add(opened);
  context.replies.send((writer) => encodeHandle(writer, id, handle));
}

/** STAT and LSTAT (draft §6.8). */
export async function answerStat(
  context: SessionContext,
  id: number,
  kind: "stat" | "lstat",
  rawPath: string,
): Promise<void> {
  const path = resolve(context, rawPath);
  const attributes = await look(context, () => context.fs[kind](path));
  context.replies.send((writer) => encodeAttributesReply(writer, id, attributes));
}

/** SETSTAT (draft §6.9). */
export async function answerSetstat(
  context: SessionContext,
  id: number,
  rawPath: string,
  attributes: FileAttributes,
): Promise<void> {
  checkSettable(attributes);
  await change(context, id, [rawPath], (path) => context.fs.setStat(path, attributes));
}

/** lsetstat@openssh.com (OpenSSH PROTOCOL §4.7); a size means nothing to a link. */
export async function answerLsetstat(
  context: SessionContext,
  id: number,
  rawPath: string,
  attributes: FileAttributes,
): Promise<void> {
  if (context.fs.setStatNoFollow === undefined) throw new SftpError("OP_UNSUPPORTED", "Operation unsupported");
  if (attributes.sizeBytes !== undefined) throw new SftpError("BAD_MESSAGE", "A link's size cannot be set");
  await change(context, id, [rawPath], async (path) => context.fs.setStatNoFollow?.(path, attributes));
}

/** REMOVE (draft §6.5). */
export async function answerRemove(context: SessionContext, id: number, rawPath: string): Promise<void> {
  await change(context, id, [rawPath], (path) => context.fs.remove(path));
}

/** MKDIR (draft §6.6). */
export async function answerMkdir(
  context: SessionContext,
  id: number,
  rawPath: string,
  attributes: FileAttributes,
): Promise<void> {
  await change(context, id, [rawPath], (path) => context.fs.makeDirectory(path, attributes));
}

/** RMDIR (draft §6.6). */
export async function answerRmdir(context: SessionContext, id: number, rawPath: string): Promise<void> {
  await change(context, id, [rawPath], (path) => context.fs.removeDirectory(path));
}

/** RENAME (draft §6.5: an existing target is an error) and posix-rename@openssh.com (OpenSSH PROTOCOL §4.3: replaced). */
export async function answerRename(
  context: SessionContext,
  id: number,
  request: { readonly from: string; readonly to: string },
  overwrite: boolean,
): Promise<void> {
  await change(context, id, [request.from, request.to], (from, to) => context.fs.rename(from, to, { overwrite }));
}

/** hardlink@openssh.com (OpenSSH PROTOCOL §4.5). */
export async function answerHardlink(
  context: SessionContext,
  id: number,
  request: { readonly from: string; readonly to: string },
): Promise<void> {
  await change(context, id, [request.from, request.to], (from, to) => context.fs.hardLink(from, to));
}

/** SYMLINK (draft §6.10, arguments as in OpenSSH PROTOCOL §4.1). The target is the link's text and stays as it is. */
export async function answerSymlink(
  context: SessionContext,
  id: number,
  request: { readonly target: string; readonly linkPath: string },
): Promise<void> {
  const { target, linkPath } = request;
  if (target === "") throw new SftpError("NO_SUCH_FILE", "A link needs a target");
  await change(context, id, [linkPath], (path) => context.fs.symlink(target, path));
}

/** READLINK (draft §6.10). */
export async function answerReadlink(context: SessionContext, id: number, rawPath: string): Promise<void> {
  const path = resolve(context, rawPath);
  const target = await look(context, () => context.fs.readLink(path));
  context.replies.send((writer) => encodePath(writer, id, target));
}

/** REALPATH (draft §6.11); "" is the home directory, as for OpenSSH. */
export async function answerRealpath(context: SessionContext, id: number, rawPath: string): Promise<void> {
  await answerCanonical(context, id, resolve(context, rawPath === "" ? "." : rawPath));
}

/** expand-path@openssh.com (OpenSSH PROTOCOL §4.9). */
export async function answerExpandPath(context: SessionContext, id: number, rawPath: string): Promise<void> {
  await answerCanonical(context, id, expandRemotePath(rawPath, context.fs.homeDirectory));
}

async function answerCanonical(context: SessionContext, id: number, path: string): Promise<void> {
  const canonical = await look(context, () => context.fs.realPath(path));
  context.replies.send((writer) => encodePath(writer, id, canonical));
}

/** statvfs@openssh.com (OpenSSH PROTOCOL §4.4). */
export async function answerStatvfs(context: SessionContext, id: number, rawPath: string): Promise<void> {
  const path = resolve(context, rawPath);
  const vfs = await look(context, () => context.fs.statVfs(path));
  context.replies.send((writer) => encodeStatVfs(writer, id, vfs));
}

/** Runs what only looks at names; such requests run together. */
function look<T>(context: SessionContext, operation: () => Promise<T>): Promise<T> {
  return inTurn(context, context.names, "read", operation);
}

/** Runs what changes names, after everything before it and before everything after it, and answers OK. */
async function change<const P extends readonly string[]>(
  context: SessionContext,
  id: number,
  rawPaths: P,
  operation: (...paths: P) => Promise<void>,
): Promise<void> {
  const paths = rawPaths.map((path) => resolve(context, path)) as unknown as P;
  await inTurn(context, context.names, "alone", () => operation(...paths));
  sendOk(context, id);
}

function resolve(context: SessionContext, path: string): string {
  return resolveRemotePath(path, context.fs.homeDirectory);
}

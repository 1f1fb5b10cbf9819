import { SftpError } from "../sftp-error.ts";

/**
 * Makes a client's path absolute and normalised: relative paths start at `home`, "." and empty parts vanish, ".." goes
 * up and stops at the root. Purely textual: symbolic links are the file system's business.
 *
 * @throws SftpError NO_SUCH_FILE for an empty path, as POSIX has it
 */
export function resolveRemotePath(path: string, home: string): string {
  if (path === "") throw new SftpError("NO_SUCH_FILE", "No such file");
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${home}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/**
 * Expands "~" and "~/…" to `home` (expand-path@openssh.com, OpenSSH PROTOCOL §4.9), then resolves as above; "" is `home`.
 *
 * @throws SftpError NO_SUCH_FILE for "~user": a session knows no other users
 */
export function expandRemotePath(path: string, home: string): string {
  if (path === "" || path === "~") return resolveRemotePath(home, home);
  if (path.startsWith("~/")) return resolveRemotePath(`${home}/${path.slice(2)}`, home);
  if (path.startsWith("~")) throw new SftpError("NO_SUCH_FILE", "No such user");
  return resolveRemotePath(path, home);
}

import { FairleadError } from "../domain/fairlead-error.ts";
import type { User } from "../domain/user.ts";

/**
 * Refuses users whose document asks for something about files that is not implemented and that must not silently be
 * left out: data in the wrong place, in plain text, or without its limit. Throws `ERR_INVALID_USER`.
 */
export function requireSupportedUser(user: User): void {
  const unsupported: readonly (readonly [boolean, string])[] = [
    [user.filesystemProvider !== 0, "filesystem.provider"],
    [user.virtualFolderCount > 0, "virtual_folders"],
    [user.uploadDataTransferMb > 0, "upload_data_transfer"],
    [user.downloadDataTransferMb > 0, "download_data_transfer"],
    [user.totalDataTransferMb > 0, "total_data_transfer"],
  ];
  const found = unsupported.filter(([isAsked]) => isAsked).map(([, field]) => field);
  if (found.length === 0) return;
  throw new FairleadError(
    "ERR_INVALID_USER",
    `user "${user.username}" has settings this server does not implement (${found.join(", ")}); remove them to let the user in`,
    { details: { username: user.username, fields: found } },
  );
}

import { readFileSync } from "node:fs";

import { FairleadError } from "../domain/fairlead-error.ts";
import { isJsonDocument, type JsonDocument, parseJson } from "../domain/json-document.ts";
import { nearestName } from "../domain/nearest-name.ts";

/** SFTPGo's user JSON in a file. Throws `ERR_USAGE`, also when it is the document of another user. */
export function readUserDocument(file: string, username: string): JsonDocument {
  const document = parse(file);
  const found = document["username"];
  if (found !== undefined && found !== username) {
    throw new FairleadError(
      "ERR_USAGE",
      `the user document ${file} is of the user ${JSON.stringify(found)}, not of "${username}"; make the two agree`,
    );
  }
  return document;
}

function parse(file: string): JsonDocument {
  let value: unknown;
  try {
    value = parseJson(readFileSync(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FairleadError("ERR_USAGE", `cannot read the user document ${file}: ${reason}`, { cause });
  }
  if (!isJsonDocument(value)) {
    throw new FairleadError("ERR_USAGE", `the user document ${file} is not a JSON object`);
  }
  return value;
}

/** Fields of SFTPGo's user; most mean something here, the others are kept for plugins. */
const FIELDS: ReadonlySet<string> = new Set(
  (
    "id status username email description expiration_date password public_keys has_password home_dir uid gid " +
    "max_sessions quota_size quota_files permissions used_quota_size used_quota_files last_quota_update " +
    "upload_bandwidth download_bandwidth upload_data_transfer download_data_transfer total_data_transfer " +
    "used_upload_data_transfer used_download_data_transfer created_at updated_at last_login first_download " +
    "first_upload last_password_change filters filesystem virtual_folders groups role additional_info " +
    "oidc_custom_fields"
  ).split(" "),
);

/** A sentence for each field at the top of a user document that SFTPGo does not have. */
export function unknownFields(document: JsonDocument): readonly string[] {
  return Object.keys(document)
    .filter((name) => !FIELDS.has(name))
    .map((name) => {
      const nearest = nearestName(name, FIELDS);
      const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
      return `unknown field ${JSON.stringify(name.slice(0, 100))} means nothing${hint}`;
    });
}

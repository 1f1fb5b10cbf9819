import { isJsonDocument, type JsonDocument } from "../domain/json-document.ts";
import { PLAIN } from "./secret.ts";

/**
 * A document for other eyes: of each secret the status, mode and encrypted payload, as SFTPGo's REST API shows them.
 * The key beside it would be all that is needed to read one that was encrypted without a master key.
 */
export function hideKeys(document: JsonDocument): JsonDocument {
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, hideKeysIn(value)]));
}

function hideKeysIn(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item: unknown) => hideKeysIn(item));
  }
  if (!isJsonDocument(value)) {
    return value;
  }
  if (typeof value["status"] !== "string") {
    return hideKeys(value);
  }
  const { key: _key, additional_data: _owner, payload, ...rest } = value;
  return { ...rest, ...(payload === undefined || value["status"] === PLAIN ? {} : { payload }) };
}

/**
 * The requests of SFTPGo's plugin services by field number, as sdk v0.1.9 defines them. Written down here a second time on
 * purpose: what a probe notes must not depend on the code that is put to the test.
 */
export type FieldType = "string" | "bytes" | "int32" | "int64" | "bool" | "order" | "map";

export interface WireField {
  readonly name: string;
  readonly type: FieldType;
  readonly repeated?: boolean;
}

export type WireMessage = Readonly<Record<number, WireField>>;

/** `"1 name type, …"`: `name[]` is a list. */
function message(text: string): WireMessage {
  const entries = text.split(",").map((part): [number, WireField] => {
    const [number = "", name = "", type = "string"] = part.trim().split(/\s+/);
    const repeated = name.endsWith("[]");
    return [Number(number), { name: repeated ? name.slice(0, -2) : name, type: type as FieldType, repeated }];
  });
  return Object.fromEntries(entries);
}

const check = "1 username, 2 password, 3 ip, 4 protocol, 5 user bytes";

/** Path of a method → the fields of its request. */
export const REQUESTS: Readonly<Record<string, WireMessage>> = {
  "/proto.Notifier/SendFsEvent": message(
    "1 timestamp int64, 2 action, 3 username, 4 fs_path, 5 fs_target_path, 6 ssh_cmd, 7 file_size int64, 8 protocol," +
      "9 status int32, 10 ip, 11 virtual_path, 12 virtual_target_path, 13 session_id, 14 fs_provider int32, 15 bucket," +
      "16 endpoint, 17 open_flags int32, 18 role, 19 elapsed int64, 20 metadata map",
  ),
  "/proto.Notifier/SendProviderEvent": message(
    "1 timestamp int64, 2 action, 3 object_type, 4 username, 5 ip, 6 object_name, 7 object_data bytes, 8 role",
  ),
  "/proto.Notifier/SendLogEvent": message(
    "1 timestamp int64, 2 event int32, 3 username, 4 protocol, 5 ip, 6 message, 7 role",
  ),
  "/proto.Auth/CheckUserAndPass": message(check),
  "/proto.Auth/CheckUserAndTLSCert": message(check.replace("password", "tlsCert")),
  "/proto.Auth/CheckUserAndPublicKey": message(check.replace("password", "pubKey")),
  "/proto.Auth/CheckUserAndKeyboardInteractive": message("1 username, 2 ip, 3 protocol, 4 user bytes"),
  "/proto.Auth/SendKeyboardAuthRequest": message(
    "1 requestID, 2 username, 3 password, 4 ip, 5 answers[], 6 questions[], 7 step int32",
  ),
  "/proto.KMS/Encrypt": message("1 payload, 2 additional_data, 3 url, 4 master_key"),
  "/proto.KMS/Decrypt": message("1 payload, 2 key, 3 additional_data, 4 mode int32, 5 url, 6 master_key"),
  "/proto.IPFilter/CheckIP": message("1 ip, 2 protocol"),
  "/proto.IPFilter/Reload": {},
  "/proto.Searcher/SearchFsEvents": message(
    "1 start_timestamp int64, 2 end_timestamp int64, 3 actions[], 4 username, 5 ip, 6 ssh_cmd, 7 protocols[]," +
      "8 statuses[] int32, 9 instance_ids[], 10 limit int32, 11 from_id, 12 fs_provider int32, 13 bucket, 14 endpoint," +
      "15 order order, 16 role",
  ),
  "/proto.Searcher/SearchProviderEvents": message(
    "1 start_timestamp int64, 2 end_timestamp int64, 3 actions[], 4 username, 5 ip, 6 object_types[], 7 object_name," +
      "8 instance_ids[], 9 limit int32, 10 from_id, 11 order order, 12 role, 13 omit_object_data bool",
  ),
  "/proto.Searcher/SearchLogEvents": message(
    "1 start_timestamp int64, 2 end_timestamp int64, 3 events[] int32, 4 username, 5 ip, 6 protocols[]," +
      "7 instance_ids[], 8 limit int32, 9 from_id, 10 order order, 11 role",
  ),
};

/** Kind → what go-plugin's handshake asks for. */
export const COOKIES: Readonly<Record<string, { readonly key: string; readonly value: string }>> = {
  notifier: { key: "SFTPGO_PLUGIN_NOTIFIER", value: "c499b98b-cd59-4df2-92b3-6268817f4d80" },
  auth: { key: "SFTPGO_PLUGIN_AUTH", value: "d1ed507d-d2be-4a38-a460-6fe0b2cc7efc" },
  kms: { key: "SFTPGO_PLUGIN_KMS", value: "223e3571-7ed2-4b96-b4b3-c7eb87d7ca1d" },
  ipfilter: { key: "SFTPGO_PLUGIN_IPFILTER", value: "368dbdab-4839-4bec-b75f-fc74a2d50f24" },
  eventsearcher: { key: "SFTPGO_PLUGIN_EVENTSEARCHER", value: "2b523805-0279-471c-895e-6c0d39002ca4" },
};

export const SERVICES: Readonly<Record<string, string>> = {
  notifier: "proto.Notifier",
  auth: "proto.Auth",
  kms: "proto.KMS",
  ipfilter: "proto.IPFilter",
  eventsearcher: "proto.Searcher",
};

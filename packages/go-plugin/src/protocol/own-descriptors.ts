import { FILE_DESCRIPTORS } from "./gen/descriptors.ts";

/** Serialized google.protobuf.FileDescriptorProto messages of go-plugin's own services, for server reflection. */
export function ownDescriptors(): Uint8Array[] {
  return FILE_DESCRIPTORS.map((text) => Buffer.from(text, "base64"));
}

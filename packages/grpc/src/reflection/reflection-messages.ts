import type { Codec } from "../method.ts";
import { bytesField, numberField, packedField, readFields, textField, textOf } from "./wire-fields.ts";

/** What is asked for, by the name of its field in ServerReflectionRequest. */
export type ReflectionQuestion =
  | { readonly kind: "file_by_filename" | "file_containing_symbol"; readonly name: string }
  | { readonly kind: "file_containing_extension"; readonly name: string; readonly number: number }
  | { readonly kind: "all_extension_numbers_of_type"; readonly name: string }
  | { readonly kind: "list_services" };

export interface ReflectionRequest {
  readonly host: string;
  /** Undefined when nothing is asked that this version knows. */
  readonly question: ReflectionQuestion | undefined;
  /** The request as it came: it is part of the answer. */
  readonly bytes: Uint8Array;
}

export type ReflectionAnswer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "extensions"; readonly baseType: string; readonly numbers: readonly number[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  /** `code` is the number of a gRPC status. */
  | { readonly kind: "error"; readonly code: number; readonly message: string };

export interface ReflectionResponse {
  readonly request: ReflectionRequest;
  readonly answer: ReflectionAnswer;
}

/** ServerReflectionRequest, of both versions. */
export const reflectionRequestCodec: Codec<ReflectionRequest> = {
  encode: ({ bytes }) => bytes,
  decode(bytes) {
    let host = "";
    let question: ReflectionQuestion | undefined;
    for (const field of readFields(bytes)) {
      const text = textOf(field);
      if (text === undefined) continue;
      if (field.number === 1) host = text;
      // Of a oneof the last one counts.
      else question = questionOf(field.number, field.value as Buffer, text) ?? question;
    }
    return { host, question, bytes };
  },
};

/** ServerReflectionResponse, of both versions. Only servers need it: it cannot be decoded. */
export const reflectionResponseCodec: Codec<ReflectionResponse> = {
  encode: ({ request, answer }) =>
    Buffer.concat([textField(1, request.host), bytesField(2, request.bytes), encodeAnswer(answer)]),
  decode() {
    throw new TypeError("reflection responses are written, not read");
  },
};

function questionOf(number: number, value: Buffer, name: string): ReflectionQuestion | undefined {
  switch (number) {
    case 3:
      return { kind: "file_by_filename", name };
    case 4:
      return { kind: "file_containing_symbol", name };
    case 5:
      return { kind: "file_containing_extension", ...extensionRequestOf(value) };
    case 6:
      return { kind: "all_extension_numbers_of_type", name };
    case 7:
      return { kind: "list_services" };
    default:
      return undefined;
  }
}

/** ExtensionRequest: `string containing_type = 1; int32 extension_number = 2`. */
function extensionRequestOf(bytes: Uint8Array): { readonly name: string; readonly number: number } {
  let name = "";
  let extension = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) name = textOf(field) ?? "";
    if (field.number === 2 && typeof field.value === "number") extension = field.value;
  }
  return { name, number: extension };
}

function encodeAnswer(answer: ReflectionAnswer): Uint8Array {
  switch (answer.kind) {
    case "files":
      return bytesField(4, Buffer.concat(answer.files.map((file) => bytesField(1, file))));
    case "extensions":
      return bytesField(5, Buffer.concat([textField(1, answer.baseType), packedField(2, answer.numbers)]));
    case "services":
      return bytesField(6, Buffer.concat(answer.names.map((name) => bytesField(1, textField(1, name)))));
    default:
      return bytesField(7, Buffer.concat([numberField(1, answer.code), textField(2, answer.message)]));
  }
}

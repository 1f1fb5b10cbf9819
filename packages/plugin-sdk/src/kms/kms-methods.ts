import { defineMethod } from "@fairlead/grpc";
import {
  DecryptRequest as WireDecryptRequest,
  DecryptResponse as WireDecryptResponse,
  EncryptRequest as WireEncryptRequest,
  EncryptResponse as WireEncryptResponse,
} from "../gen/kms/kms.ts";
import { createCodec } from "../rpc/codecs.ts";
import type { DecryptRequest, EncryptedSecret, EncryptRequest } from "./kms-messages.ts";

// Objects are written out field by field: a field added to either side and forgotten here does not compile.

const encryptRequest = createCodec<WireEncryptRequest, EncryptRequest>(
  WireEncryptRequest,
  ({ payload, additionalData, url, masterKey }) => ({ payload, additionalData, url, masterKey }),
  ({ payload, additionalData, url, masterKey }) => ({ payload, additionalData, url, masterKey }),
);

const encryptedSecret = createCodec<WireEncryptResponse, EncryptedSecret>(
  WireEncryptResponse,
  ({ payload, key, mode }) => ({ payload, key, mode }),
  ({ payload, key, mode }) => ({ payload, key, mode }),
);

const decryptRequest = createCodec<WireDecryptRequest, DecryptRequest>(
  WireDecryptRequest,
  ({ payload, key, additionalData, mode, url, masterKey }) => ({ payload, key, additionalData, mode, url, masterKey }),
  ({ payload, key, additionalData, mode, url, masterKey }) => ({ payload, key, additionalData, mode, url, masterKey }),
);

const decryptedSecret = createCodec<WireDecryptResponse, string>(
  WireDecryptResponse,
  (payload) => ({ payload }),
  ({ payload }) => payload,
);

/** The service `proto.KMS`, on domain types. */
export const kmsMethods = {
  encrypt: defineMethod("unary", "/proto.KMS/Encrypt", encryptRequest, encryptedSecret),
  decrypt: defineMethod("unary", "/proto.KMS/Decrypt", decryptRequest, decryptedSecret),
} as const;

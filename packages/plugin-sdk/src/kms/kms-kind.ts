import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { ServiceRegistrar } from "@fairlead/grpc";
import { FILE_DESCRIPTORS } from "../gen/kms/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { createKmsClient } from "./kms-client.ts";
import type { KmsClient } from "./kms-client.ts";
import type { KmsHandlers } from "./kms-handlers.ts";
import { kmsMethods } from "./kms-methods.ts";

/** The application protocol version of kms plugins. */
export const KMS_PROTOCOL_VERSION = 1;

/** Kms plugins, from both sides. */
export const kmsKind = definePluginKind<KmsHandlers, KmsClient>({
  name: "kms",
  register: registerKms,
  connect: (connection) => createKmsClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerKms(registrar: ServiceRegistrar, handlers: KmsHandlers, { logger }: ServeContext): void {
  registrar.handleUnary(kmsMethods.encrypt, (request, call) =>
    callHandler((context) => handlers.encrypt(request, context), call, logger),
  );
  registrar.handleUnary(kmsMethods.decrypt, (request, call) =>
    callHandler((context) => handlers.decrypt(request, context), call, logger),
  );
}

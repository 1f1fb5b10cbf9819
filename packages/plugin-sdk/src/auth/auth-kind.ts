import { definePluginKind } from "@fairlead/go-plugin";
import type { ServeContext } from "@fairlead/go-plugin";
import type { Method, ServerCall, ServiceRegistrar } from "@fairlead/grpc";
import type { Awaitable, CallContext } from "../call-context.ts";
import { FILE_DESCRIPTORS } from "../gen/auth/descriptors.ts";
import { callHandler } from "../rpc/call-handler.ts";
import { decodeDescriptors } from "../rpc/descriptors.ts";
import { noResult, toStatus, unimplemented } from "../rpc/refusals.ts";
import { createAuthClient } from "./auth-client.ts";
import type { AuthClient } from "./auth-client.ts";
import type { AuthHandlers, AuthRequest } from "./auth-handlers.ts";
import type { KeyboardStepRequest, KeyboardStepResponse } from "./auth-messages.ts";
import { authMethods } from "./auth-methods.ts";
import type { AuthResult } from "./auth-result.ts";
import { unchanged } from "./auth-result.ts";
import { hasKeyboard } from "./has-keyboard.ts";
import { KeyboardConversations } from "./keyboard-conversations.ts";
import { toLastResponse, toStepResponse } from "./keyboard-step.ts";
import type { KeyboardStep } from "./keyboard-step.ts";
import { decodeUser, encodeUser, isKnownUser } from "./user-document.ts";

/** The application protocol version of auth plugins. */
export const AUTH_PROTOCOL_VERSION = 1;

/** Auth plugins, from both sides. */
export const authKind = definePluginKind<AuthHandlers, AuthClient>({
  name: "auth",
  register: registerAuth,
  connect: (connection) => createAuthClient(connection),
  descriptors: () => decodeDescriptors(FILE_DESCRIPTORS),
});

function registerAuth(registrar: ServiceRegistrar, handlers: AuthHandlers, context: ServeContext): void {
  const check = <Check extends WireCheck>(
    method: Method<Check, Uint8Array, "unary">,
    name: string,
    handler: CheckHandler<Check> | undefined,
  ): void =>
    registrar.handleUnary(method, async (request, call) => {
      if (handler === undefined) throw unimplemented(name);
      const received = receive(request);
      return answer(name, await callHandler((own) => handler(received, own), call, context.logger));
    });
  check(authMethods.checkPassword, "checkPassword", handlers.checkPassword?.bind(handlers));
  check(authMethods.checkPublicKey, "checkPublicKey", handlers.checkPublicKey?.bind(handlers));
  check(authMethods.checkTlsCertificate, "checkTlsCertificate", handlers.checkTlsCertificate?.bind(handlers));
  check(
    authMethods.checkKeyboardInteractive,
    "checkKeyboardInteractive",
    // Who leads the login and does not care about its user leaves that as it is.
    handlers.checkKeyboardInteractive?.bind(handlers) ?? (hasKeyboard(handlers) ? unchanged : undefined),
  );
  registrar.handleUnary(authMethods.sendKeyboardStep, createStepHandler(handlers, context));
}

type CheckHandler<Check extends WireCheck> = (
  request: Received<Check>,
  context: CallContext,
) => Awaitable<AuthResult | undefined>;

/** What all checks have, as it travels. */
interface WireCheck {
  readonly user: Uint8Array;
}

type Received<Check extends WireCheck> = Omit<Check, "user"> & Pick<AuthRequest, "user" | "isKnown">;

function receive<Check extends WireCheck>(request: Check): Received<Check> {
  const user = decodeUser(request.user);
  return { ...request, user, isKnown: isKnownUser(user) };
}

const nothing = new Uint8Array(0);

function answer(handler: string, result: AuthResult | undefined): Uint8Array {
  switch (result?.outcome) {
    case "unchanged":
      return nothing;
    case "user":
      return encodeUser(result.user);
    case "denied":
      throw toStatus(result);
    default:
      throw noResult(handler, "unchanged(), user() or denied()");
  }
}

type StepHandler = (request: KeyboardStepRequest, call: ServerCall) => Awaitable<KeyboardStepResponse>;

function createStepHandler(handlers: AuthHandlers, context: ServeContext): StepHandler {
  const { logger } = context;
  if (handlers.keyboardInteractive !== undefined && handlers.keyboardStep !== undefined) {
    throw new TypeError("an auth plugin has both keyboardInteractive and keyboardStep: expected one of them");
  }
  if (handlers.keyboardInteractive !== undefined) {
    const conversations = new KeyboardConversations(handlers.keyboardInteractive.bind(handlers), context);
    return async (request, call) => await conversations.step(request, call);
  }
  const keyboardStep = handlers.keyboardStep?.bind(handlers);
  return async (request, call) => {
    if (keyboardStep === undefined) throw unimplemented("keyboardInteractive");
    return answerStep(await callHandler((callContext) => keyboardStep(request, callContext), call, logger));
  };
}

function answerStep(step: KeyboardStep | undefined): KeyboardStepResponse {
  if (step?.outcome === "ask") return toStepResponse(step);
  const last = toLastResponse("keyboardStep", step);
  if (last instanceof Error) throw last;
  return last;
}

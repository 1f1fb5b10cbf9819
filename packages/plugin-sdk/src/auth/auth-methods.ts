import { defineMethod } from "@fairlead/grpc";
import {
  AuthResponse,
  CheckUserAndKeyboardInteractiveRequest,
  CheckUserAndPassRequest,
  CheckUserAndPublicKeyRequest,
  CheckUserAndTLSCertRequest,
  KeyboardAuthRequest,
  KeyboardAuthResponse,
} from "../gen/auth/auth.ts";
import { createCodec } from "../rpc/codecs.ts";
import type {
  KeyboardInteractiveCheck,
  KeyboardStepRequest,
  KeyboardStepResponse,
  PasswordCheck,
  PublicKeyCheck,
  TlsCertificateCheck,
} from "./auth-messages.ts";

// Objects are written out field by field: a field added to either side and forgotten here does not compile. Decoded bytes
// are a view of the receive buffer, which is used again; what we give away is a copy.

const passwordCheck = createCodec<CheckUserAndPassRequest, PasswordCheck>(
  CheckUserAndPassRequest,
  ({ username, password, ip, protocol, user }) => ({ username, password, ip, protocol, user }),
  ({ username, password, ip, protocol, user }) => ({ username, password, ip, protocol, user: new Uint8Array(user) }),
);

const publicKeyCheck = createCodec<CheckUserAndPublicKeyRequest, PublicKeyCheck>(
  CheckUserAndPublicKeyRequest,
  ({ username, publicKey, ip, protocol, user }) => ({ username, pubKey: publicKey, ip, protocol, user }),
  ({ username, pubKey, ip, protocol, user }) => ({
    username,
    publicKey: pubKey,
    ip,
    protocol,
    user: new Uint8Array(user),
  }),
);

const tlsCertificateCheck = createCodec<CheckUserAndTLSCertRequest, TlsCertificateCheck>(
  CheckUserAndTLSCertRequest,
  ({ username, certificatePem, ip, protocol, user }) => ({ username, tlsCert: certificatePem, ip, protocol, user }),
  ({ username, tlsCert, ip, protocol, user }) => ({
    username,
    certificatePem: tlsCert,
    ip,
    protocol,
    user: new Uint8Array(user),
  }),
);

const keyboardInteractiveCheck = createCodec<CheckUserAndKeyboardInteractiveRequest, KeyboardInteractiveCheck>(
  CheckUserAndKeyboardInteractiveRequest,
  ({ username, ip, protocol, user }) => ({ username, ip, protocol, user }),
  ({ username, ip, protocol, user }) => ({ username, ip, protocol, user: new Uint8Array(user) }),
);

const userDocument = createCodec<AuthResponse, Uint8Array>(
  AuthResponse,
  (user) => ({ user }),
  ({ user }) => new Uint8Array(user),
);

const keyboardStepRequest = createCodec<KeyboardAuthRequest, KeyboardStepRequest>(
  KeyboardAuthRequest,
  ({ requestId, username, password, ip, answers, questions, step }) => ({
    requestID: requestId,
    username,
    password,
    ip,
    answers: [...answers],
    questions: [...questions],
    step,
  }),
  ({ requestID, username, password, ip, answers, questions, step }) => ({
    requestId: requestID,
    username,
    password,
    ip,
    answers,
    questions,
    step,
  }),
);

const keyboardStepResponse = createCodec<KeyboardAuthResponse, KeyboardStepResponse>(
  KeyboardAuthResponse,
  ({ instructions, questions, echos, authResult, checkPassword }) => ({
    instructions,
    questions: [...questions],
    echos: [...echos],
    authResult,
    checkPassword,
  }),
  ({ instructions, questions, echos, authResult, checkPassword }) => ({
    instructions,
    questions,
    echos,
    authResult,
    checkPassword,
  }),
);

/** The service `proto.Auth`, on domain types. */
export const authMethods = {
  checkPassword: defineMethod("unary", "/proto.Auth/CheckUserAndPass", passwordCheck, userDocument),
  checkPublicKey: defineMethod("unary", "/proto.Auth/CheckUserAndPublicKey", publicKeyCheck, userDocument),
  checkTlsCertificate: defineMethod("unary", "/proto.Auth/CheckUserAndTLSCert", tlsCertificateCheck, userDocument),
  checkKeyboardInteractive: defineMethod(
    "unary",
    "/proto.Auth/CheckUserAndKeyboardInteractive",
    keyboardInteractiveCheck,
    userDocument,
  ),
  sendKeyboardStep: defineMethod(
    "unary",
    "/proto.Auth/SendKeyboardAuthRequest",
    keyboardStepRequest,
    keyboardStepResponse,
  ),
} as const;

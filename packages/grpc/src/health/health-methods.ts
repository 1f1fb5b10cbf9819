import { defineMethod } from "../method.ts";
import { healthRequestCodec, healthResponseCodec } from "./health-messages.ts";

export const healthCheckMethod = defineMethod(
  "unary",
  "/grpc.health.v1.Health/Check",
  healthRequestCodec,
  healthResponseCodec,
);

export const healthWatchMethod = defineMethod(
  "server-streaming",
  "/grpc.health.v1.Health/Watch",
  healthRequestCodec,
  healthResponseCodec,
);

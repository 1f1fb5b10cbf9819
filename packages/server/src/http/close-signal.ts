import type { FastifyReply } from "fastify";

/** Aborted when the client is gone, or has its answer. */
export function closeSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  if (reply.raw.destroyed) {
    controller.abort();
  }
  reply.raw.once("close", () => {
    controller.abort();
  });
  return controller.signal;
}

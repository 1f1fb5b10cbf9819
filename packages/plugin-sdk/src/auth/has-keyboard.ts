import type { AuthHandlers } from "./auth-handlers.ts";

/** Whether a plugin can lead a keyboard-interactive login. */
export function hasKeyboard(handlers: AuthHandlers): boolean {
  return handlers.keyboardInteractive !== undefined || handlers.keyboardStep !== undefined;
}

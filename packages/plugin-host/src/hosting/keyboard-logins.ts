import type { AuthClient, KeyboardStepRequest } from "@fairlead/plugin-sdk/client";
import type { Clock } from "../supervisor/clock.ts";
import type { PluginClients } from "./launch-plugin.ts";

/** No server waits longer for a login. */
export const LOGIN_LIFETIME_MS = 120_000;

interface OpenLogin {
  readonly clients: PluginClients;
  readonly endsAtMs: number;
}

/**
 * The keyboard-interactive logins of an entry that are under way. A plugin remembers a login from one step to the next,
 * so all steps go to the process that got the first one, also when another process has taken its place meanwhile; and to
 * it such a login is a call that has not ended.
 */
export class KeyboardLogins {
  readonly #clock: Clock;
  readonly #open = new Map<string, OpenLogin>();
  readonly #clientsOf = new WeakMap<PluginClients, AuthClient>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are under way, as far as known: of one that is given up between two steps nobody says so. */
  get size(): number {
    return this.#open.size;
  }

  /** The client of a process, but for steps of logins that began at another one. */
  through(clients: PluginClients): AuthClient {
    let client = this.#clientsOf.get(clients);
    if (client === undefined) this.#clientsOf.set(clients, (client = this.#route(clients)));
    return client;
  }

  #route(clients: PluginClients): AuthClient {
    const { auth } = clients.byType;
    return {
      get connected() {
        return auth.connected;
      },
      checkPassword: (request, options) => auth.checkPassword(request, options),
      checkPublicKey: (request, options) => auth.checkPublicKey(request, options),
      checkTlsCertificate: (request, options) => auth.checkTlsCertificate(request, options),
      checkKeyboardInteractive: (request, options) => auth.checkKeyboardInteractive(request, options),
      sendKeyboardStep: async (request, options) => {
        const login = this.#find(request, clients);
        try {
          const response = await login.clients.byType.auth.sendKeyboardStep(request, options);
          if (response.authResult !== 0) this.#end(request.requestId, login);
          return response;
        } catch (error) {
          this.#end(request.requestId, login);
          throw error;
        }
      },
    };
  }

  #find({ requestId }: KeyboardStepRequest, clients: PluginClients): OpenLogin {
    this.#forgetOld();
    const open = this.#open.get(requestId);
    if (open?.clients.byType.auth.connected === true) return open;
    if (open !== undefined) this.#end(requestId, open);
    const login = { clients, endsAtMs: this.#clock.monotonicMs() + LOGIN_LIFETIME_MS };
    this.#open.set(requestId, login);
    clients.calls.begin();
    return login;
  }

  #end(requestId: string, login: OpenLogin): void {
    if (this.#open.get(requestId) !== login) return;
    this.#open.delete(requestId);
    login.clients.calls.end();
  }

  /** They are in the order in which they end. */
  #forgetOld(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [requestId, login] of this.#open) {
      if (login.endsAtMs > nowMs) return;
      this.#end(requestId, login);
    }
  }
}

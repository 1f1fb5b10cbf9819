import { GrpcError } from "../grpc-error.ts";
import type { ServiceRegistrar } from "../server/grpc-server.ts";
import type { ServingStatus } from "./health-messages.ts";
import { healthCheckMethod, healthWatchMethod } from "./health-methods.ts";

/** grpc.health.v1, serving side. */
export interface HealthService {
  register(server: ServiceRegistrar): void;
  /** Watchers of the service are told at once. */
  set(service: string, status: "SERVING" | "NOT_SERVING"): void;
}

/** The empty service name, the server as a whole, is SERVING from the start; services that were never set are unknown. */
export function createHealthService(): HealthService {
  return new HealthTable();
}

class HealthTable implements HealthService {
  readonly #statuses = new Map<string, ServingStatus>([["", "SERVING"]]);
  /** Called when the status of any service changed. */
  readonly #wakeUps = new Set<() => void>();

  register(server: ServiceRegistrar): void {
    server.handleUnary(healthCheckMethod, (service) => this.#check(service));
    server.handleServerStream(healthWatchMethod, (service, call) => this.#watch(service, call.signal));
  }

  set(service: string, status: "SERVING" | "NOT_SERVING"): void {
    this.#statuses.set(service, status);
    for (const wakeUp of this.#wakeUps) wakeUp();
  }

  #check(service: string): ServingStatus {
    const status = this.#statuses.get(service);
    if (status === undefined) throw new GrpcError("NOT_FOUND", "unknown service");
    return status;
  }

  /** The status now, SERVICE_UNKNOWN included, and again at each change (health.proto, Watch). */
  async *#watch(service: string, signal: AbortSignal): AsyncGenerator<ServingStatus, void> {
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      const status = this.#statuses.get(service) ?? "SERVICE_UNKNOWN";
      if (status === told) await this.#nextChange(signal);
      else {
        told = status;
        yield status;
      }
    }
  }

  async #nextChange(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakeUp = (): void => resolve();
    this.#wakeUps.add(wakeUp);
    signal.addEventListener("abort", wakeUp, { once: true });
    await promise;
    this.#wakeUps.delete(wakeUp);
    signal.removeEventListener("abort", wakeUp);
  }
}

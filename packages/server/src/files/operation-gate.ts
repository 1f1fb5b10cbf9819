import type { GateDecision, GateOperation, GateRequest } from "@fairlead/plugin-sdk/client";
import { SftpError } from "@fairlead/sftp";
import { diskPath } from "../events/fs-event.ts";
import type { SessionFacts } from "../events/session-facts.ts";
import { refusalText } from "./refusal-text.ts";

/** Plugins that may refuse what the server would allow; the plugin host's gates are one. */
export interface Gate {
  /** False when no plugin wants to be asked. */
  readonly isConfigured: boolean;
  /** Whether all plugins allow it. Never rejects: who does not answer is judged by its configuration. */
  check(request: GateRequest, options?: { readonly signal?: AbortSignal }): Promise<GateDecision>;
}

/** What is about to be done. Paths are where it really happens, links resolved: a link must not lead around a rule. */
export interface GatedOperation {
  readonly operation: GateOperation;
  readonly virtualPath: string;
  readonly virtualTargetPath?: string;
  /** Of the file that is there now. */
  readonly fileSizeBytes?: number;
  readonly openFlags?: number;
}

/** Asks plugins before a session's file operations, once permissions, patterns and quota allow them. */
export class OperationGate {
  readonly #session: SessionFacts;
  readonly #gate: Gate | undefined;
  readonly #ended = new AbortController();

  constructor(session: SessionFacts, gate: Gate | undefined) {
    this.#session = session;
    this.#gate = gate;
  }

  /**
   * Rejects with PERMISSION_DENIED and the plugin's words when one refuses, with CONNECTION_LOST when the session ended
   * meanwhile. `undefined` when there is nobody to ask: nothing needs to be awaited.
   */
  ask(operation: GatedOperation): Promise<void> | undefined {
    return this.#gate?.isConfigured === true ? this.#require(this.#gate, operation) : undefined;
  }

  /** The same as an answer; `undefined` means allowed. */
  permits(operation: GatedOperation): Promise<boolean> | undefined {
    return this.#gate?.isConfigured === true ? this.#isAllowed(this.#gate, operation) : undefined;
  }

  /** The session is over: nobody waits for answers, and nothing is done any more because of them. */
  end(): void {
    this.#ended.abort();
  }

  async #require(gate: Gate, operation: GatedOperation): Promise<void> {
    const decision = await this.#decide(gate, operation);
    if (decision.allowed) return;
    const text = refusalText(decision.message);
    this.#session.tellUser?.(text);
    throw new SftpError("PERMISSION_DENIED", text);
  }

  async #isAllowed(gate: Gate, operation: GatedOperation): Promise<boolean> {
    return (await this.#decide(gate, operation)).allowed;
  }

  async #decide(gate: Gate, operation: GatedOperation): Promise<GateDecision> {
    const { signal } = this.#ended;
    const decision = signal.aborted ? undefined : await gate.check(this.#request(operation), { signal });
    if (decision === undefined || signal.aborted) throw new SftpError("CONNECTION_LOST", "the session has ended");
    return decision;
  }

  #request(operation: GatedOperation): GateRequest {
    const { user, protocol, ip, sessionId } = this.#session;
    const { virtualPath, virtualTargetPath: target = "" } = operation;
    return {
      operation: operation.operation,
      username: user.username,
      ip,
      protocol,
      sessionId,
      path: diskPath(user.homeDir, virtualPath),
      virtualPath,
      targetPath: target === "" ? "" : diskPath(user.homeDir, target),
      virtualTargetPath: target,
      fileSizeBytes: BigInt(operation.fileSizeBytes ?? 0),
      openFlags: operation.openFlags ?? 0,
      role: user.role,
    };
  }
}

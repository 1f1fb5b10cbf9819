import { PluginError } from "../plugin-error.ts";
import { parseHandshakeLine, quoteLine } from "../protocol/handshake-line.ts";
import type { Handshake } from "../protocol/handshake-line.ts";
import type { Identity } from "../tls/certificate.ts";
import { createPeerTls, parseCertificate } from "../tls/peer-tls.ts";
import type { PeerTls } from "../tls/peer-tls.ts";
import type { PluginChild } from "./plugin-child.ts";
import type { FirstLine } from "./plugin-stdout.ts";
import { describeExit } from "./running-plugin.ts";

// The usual explanations, as go-plugin gives them (internal/cmdrunner).
const USUAL_REASONS = [
  "the plugin was not compiled for this architecture",
  "the plugin is missing dynamic-link libraries necessary to run",
  "the plugin is not executable by this process due to file permissions",
  "the plugin failed to negotiate the initial go-plugin protocol handshake",
];

/** Waits for the plugin's first line, or its end, and reads it. */
export async function readHandshake(
  child: PluginChild,
  versions: readonly number[],
  wanted: { readonly multiplex: boolean },
): Promise<Handshake> {
  // The end of the process counts too: a grandchild may hold stdout open.
  const first = await Promise.race([child.stdout.firstLine, child.exited.then((): FirstLine => ({ kind: "nothing" }))]);
  if (first.kind === "line") return parseHandshakeLine(first.text, versions, wanted);
  if (first.kind === "nothing") throw await describeSilence(child);
  throw new PluginError(
    "ERR_HANDSHAKE_MALFORMED",
    `Unrecognized remote plugin message: the first line on stdout is longer than 64 KiB; it starts with ${quoteLine(child.stdout.start.slice(0, 80))}`,
  );
}

// One error for an early end, whatever came first to the host: the end of stdout or of the process.
async function describeSilence(child: PluginChild): Promise<PluginError> {
  const exit = await Promise.race([child.exited, expire(500)]);
  const how = exit === undefined ? "it closed its stdout" : describeExit(exit);
  return new PluginError("ERR_PLUGIN_EXITED_EARLY", `plugin exited before we could connect (${how})`, {
    details: { usualReasons: USUAL_REASONS },
  });
}

/**
 * How host and plugin talk from now on; undefined is plaintext. They must agree about AutoMTLS: go-plugin finds out at the
 * first call, or crashes. `own` is the host's identity when it asked for AutoMTLS, or its own certificates.
 */
export function agreeOnTls({ certificate }: Handshake, own: Identity | PeerTls | undefined): PeerTls | undefined {
  if (own !== undefined && "connectOptions" in own) {
    if (certificate === undefined) return own;
    throw mismatch("the host has certificates of its own, but the plugin announced a one-time certificate");
  }
  if (own === undefined && certificate === undefined) return undefined;
  if (own === undefined) throw mismatch("the plugin sent a certificate, but the host did not ask for AutoMTLS");
  if (certificate === undefined) {
    throw mismatch(
      "the host asked for AutoMTLS, but the plugin sent no certificate: it does not support it, or has certificates of its own",
    );
  }
  return createPeerTls(own, parseCertificate(certificate, "error parsing server cert"), "plugin");
}

function mismatch(problem: string): PluginError {
  return new PluginError("ERR_TLS_IDENTITY", `AutoMTLS mismatch: ${problem}`);
}

function expire(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms).unref());
}

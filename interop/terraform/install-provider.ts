/**
 * The Terraform provider the tests here run. As a program (`node --conditions=source interop/terraform/install-provider.ts`)
 * it builds the provider with `go install`; never committed.
 */
import { goPeerPath, hasGoPeer, installGoPeers } from "../../scripts/go-peers.ts";

const PROVIDER = "terraform-provider-time";

/**
 * Its executable.
 *
 * @returns `undefined` when it is not installed: tests then skip, visibly. In CI that is an error.
 */
export function findProvider(): string | undefined {
  if (hasGoPeer(PROVIDER)) return goPeerPath(PROVIDER);
  if (process.env["CI"] === undefined) return undefined;
  throw new Error(`${PROVIDER} is not installed: npm run go-peers does it`);
}

if (import.meta.main) installGoPeers([PROVIDER]);

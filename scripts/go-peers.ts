/**
 * Programs others wrote in Go that test ours: which ones, at which version, and where they are once installed. They are
 * built by `go install` into `dist/go-peers/`, each version once.
 *
 * As a program (`npm run go-peers`) it installs all of them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "..", "dist", "go-peers");

interface GoPeer {
  /** The package of the program; its last part is the name of the binary. */
  readonly package: string;
  readonly version: string;
}

/** Pinned here and nowhere else. */
const GO_PEERS = {
  /** HTTP/2 conformance, as a client. */
  h2spec: { package: "github.com/summerwind/h2spec/cmd/h2spec", version: "v2.2.1+incompatible" },
  /** gRPC's own interoperability tests, both ends. */
  "grpc-interop-client": { package: "google.golang.org/grpc/interop/client", version: "v1.85.0" },
  "grpc-interop-server": { package: "google.golang.org/grpc/interop/server", version: "v1.85.0" },
  /** The tool people look at gRPC servers with. */
  grpcurl: { package: "github.com/fullstorydev/grpcurl/cmd/grpcurl", version: "v1.9.3" },
  /** A plugin in everyday use. */
  "terraform-provider-time": { package: "github.com/hashicorp/terraform-provider-time", version: "v0.14.2" },
} as const satisfies Readonly<Record<string, GoPeer>>;

export type GoPeerName = keyof typeof GO_PEERS;

/** Every peer. */
export const GO_PEER_NAMES = Object.keys(GO_PEERS) as readonly GoPeerName[];

/** Where the binary of a peer is, or will be once it is installed. */
export function goPeerPath(name: GoPeerName): string {
  const peer: GoPeer = GO_PEERS[name];
  return join(peerFolder(name), peer.package.split("/").at(-1) ?? name);
}

/** Whether it is installed, at the version that is pinned. */
export function hasGoPeer(name: GoPeerName): boolean {
  return existsSync(goPeerPath(name));
}

/** Installs what is missing, one after the other. Throws Error, with one sentence, when there is no Go. */
export function installGoPeers(names: readonly GoPeerName[] = GO_PEER_NAMES): void {
  const missing = names.filter((name) => !hasGoPeer(name));
  if (missing.length > 0) requireGo();
  for (const name of missing) {
    const { package: program, version }: GoPeer = GO_PEERS[name];
    console.log(`go install ${program}@${version}`);
    // Elsewhere first: whoever sees the binary sees all of it.
    const partial = `${peerFolder(name)}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    execFileSync("go", ["install", `${program}@${version}`], {
      cwd: folder,
      env: { ...process.env, GOBIN: partial, CGO_ENABLED: "0" },
      stdio: ["ignore", "inherit", "inherit"],
    });
    renameSync(partial, peerFolder(name));
  }
}

/** @throws Error when there is no Go on this machine */
export function requireGo(): void {
  try {
    execFileSync("go", ["version"], { stdio: "ignore" });
  } catch {
    throw new Error("these tests need Go 1.25 or newer, and there is no `go` in PATH: see https://go.dev/dl");
  }
}

function peerFolder(name: GoPeerName): string {
  return join(folder, `${name}@${GO_PEERS[name].version}`);
}

if (import.meta.main) installGoPeers();

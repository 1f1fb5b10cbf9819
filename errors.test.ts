/** docs/reference/errors.md against the code: every class, every code of those that have no table of their own elsewhere. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ErrorStatusCode } from "@fairlead/grpc";
import type { SftpErrorCode } from "@fairlead/sftp";

const root = import.meta.dirname;
const page = readFileSync(join(root, "docs/reference/errors.md"), "utf8");
const sources = globSync("packages/*/src/**/*.ts", { cwd: root })
  .filter((file) => !/\.test\.ts$|\/gen\//.test(file))
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

// Complete by their types: a code more or less does not compile.
const GRPC_CODES: Readonly<Record<ErrorStatusCode, true>> = {
  CANCELLED: true,
  UNKNOWN: true,
  INVALID_ARGUMENT: true,
  DEADLINE_EXCEEDED: true,
  NOT_FOUND: true,
  ALREADY_EXISTS: true,
  PERMISSION_DENIED: true,
  RESOURCE_EXHAUSTED: true,
  FAILED_PRECONDITION: true,
  ABORTED: true,
  OUT_OF_RANGE: true,
  UNIMPLEMENTED: true,
  INTERNAL: true,
  UNAVAILABLE: true,
  DATA_LOSS: true,
  UNAUTHENTICATED: true,
};
const SFTP_CODES: Readonly<Record<SftpErrorCode, true>> = {
  EOF: true,
  NO_SUCH_FILE: true,
  PERMISSION_DENIED: true,
  FAILURE: true,
  BAD_MESSAGE: true,
  NO_CONNECTION: true,
  CONNECTION_LOST: true,
  OP_UNSUPPORTED: true,
};

for (const [heading, codes] of [
  ["## gRPC (`GrpcError`)", GRPC_CODES],
  ["## SFTP (`SftpError`)", SFTP_CODES],
] as const) {
  test(`the table below “${heading}” has every code, and no other`, () => {
    const [, part = ""] = page.split(`\n${heading}\n`);
    const [table = ""] = part.split("\n## ");
    const documented = [...table.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    assert.deepEqual(documented, Object.keys(codes));
  });
}

test("every class of errors is on the page", () => {
  const classes = sources.flatMap(({ text }) =>
    [...text.matchAll(/class (\w+) extends Error\b/g)].map(([, name]) => name!),
  );
  assert.ok(classes.length > 5);
  assert.deepEqual(
    classes.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test("every code of the page's errors below is on it", () => {
  for (const [file, type] of [
    ["packages/grpc/src/hpack/hpack-error.ts", "HpackErrorCode"],
    ["packages/go-plugin/src/yamux/yamux-error.ts", "YamuxErrorCode"],
  ] as const) {
    const { text } = sources.find((source) => source.file === file)!;
    const [, union = ""] = new RegExp(`export type ${type} = ([^;]+);`).exec(text)!;
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code!);
    assert.ok(codes.length > 2);
    assert.deepEqual(
      codes.filter((code) => !page.includes(`\`${code}\``)),
      [],
      type,
    );
  }
});

/** Errors that nobody throws: Node asks for one where it has to be given a reason. */
const NOT_THROWN: readonly string[] = ["packages/go-plugin/src/tls/peer-tls.ts"];

test("nobody throws an error without a code, but for arguments that make no sense", () => {
  const bare = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/\bnew (?:Aggregate|Syntax|Eval|Reference)?Error\(/g)].map(([found]) => `${file}: ${found}`),
  );
  assert.deepEqual(
    bare.filter((found) => !NOT_THROWN.some((file) => found.startsWith(`${file}:`))),
    [],
  );
});

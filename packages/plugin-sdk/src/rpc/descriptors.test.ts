import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { authKind } from "../auth/auth-kind.ts";
import { authMethods } from "../auth/auth-methods.ts";
import { eventSearcherKind } from "../eventsearcher/eventsearcher-kind.ts";
import { eventSearcherMethods } from "../eventsearcher/eventsearcher-methods.ts";
import { gateKind } from "../gate/gate-kind.ts";
import { gateMethods } from "../gate/gate-methods.ts";
import { ipFilterKind } from "../ipfilter/ipfilter-kind.ts";
import { ipFilterMethods } from "../ipfilter/ipfilter-methods.ts";
import { kmsKind } from "../kms/kms-kind.ts";
import { kmsMethods } from "../kms/kms-methods.ts";
import { notifierKind } from "../notifier/notifier-kind.ts";
import { notifierMethods } from "../notifier/notifier-methods.ts";
import { pluginInfoKind } from "../plugin-info/plugin-info-kind.ts";
import { pluginInfoMethods } from "../plugin-info/plugin-info-methods.ts";

const kinds = [
  [notifierKind, notifierMethods],
  [authKind, authMethods],
  [kmsKind, kmsMethods],
  [ipFilterKind, ipFilterMethods],
  [eventSearcherKind, eventSearcherMethods],
  [gateKind, gateMethods],
  [pluginInfoKind, pluginInfoMethods],
] as const;

function filesOf({ descriptors }: (typeof kinds)[number][0]): readonly FileDescriptorProto[] {
  return (descriptors?.() ?? []).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

for (const [kind, methods] of kinds) {
  test(`tools can describe every method of ${kind.name}, and no other`, () => {
    const described = filesOf(kind).flatMap((file) =>
      file.service.flatMap(({ name, method }) => method.map((one) => `/${file.package}.${name}/${one.name}`)),
    );
    const served = Object.values<{ readonly path: string }>(methods).map(({ path }) => path);
    assert.deepEqual(described.toSorted(), served.toSorted());
  });
}

test("kinds in one process describe nothing twice but what they share", () => {
  const names = kinds.flatMap(([kind]) =>
    filesOf(kind).flatMap((file) =>
      [file, ...file.messageType, ...file.service].map(({ name }) => `${file.package} ${name}`),
    ),
  );
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  assert.deepEqual(new Set(twice), new Set(["google.protobuf google/protobuf/empty.proto", "google.protobuf Empty"]));
});

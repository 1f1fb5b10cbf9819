/** What the packages export is described where it is declared: who hovers over a name reads what it is. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = import.meta.dirname;

/** What the libraries give to programs at run time; go-plugin's entries are in its own tests. More is a decision. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "@fairlead/grpc": [
    "GrpcError",
    "Metadata",
    "checkHealth",
    "connectGrpc",
    "createGrpcServer",
    "createHealthService",
    "createReconnectingClient",
    "createReflectionService",
    "createStreamPair",
    "defineMethod",
    "interceptClient",
    "interceptServer",
    "mapMessages",
    "observeClientCalls",
    "observeServerCalls",
    "watchHealth",
  ],
  "@fairlead/plugin-host": [
    "AuthScope",
    "PluginHostError",
    "applyPluginEnvironment",
    "defaultDeliveryPolicy",
    "defaultHealthPolicy",
    "defaultRestartPolicy",
    "findUnknownPluginVariables",
    "formatJournalMetrics",
    "formatPluginMetrics",
    "parsePluginConfigs",
    "startPluginManager",
  ],
  "@fairlead/plugin-sdk": [
    "FsEventStatus",
    "FsProvider",
    "LogEventType",
    "PluginSdkError",
    "Secret",
    "accepted",
    "allowed",
    "createUser",
    "defineSettings",
    "denied",
    "serveAuth",
    "serveEventSearcher",
    "serveIpFilter",
    "serveKms",
    "serveNotifier",
    "servePlugin",
    "unchanged",
    "user",
  ],
  "@fairlead/plugin-sdk/client": [
    "AUTH_HANDSHAKE",
    "AUTH_PROTOCOL_VERSION",
    "EVENTSEARCHER_HANDSHAKE",
    "EVENTSEARCHER_PROTOCOL_VERSION",
    "FsEventStatus",
    "FsProvider",
    "GATE_SERVICE",
    "GrpcError",
    "IPFILTER_HANDSHAKE",
    "IPFILTER_PROTOCOL_VERSION",
    "KMS_HANDSHAKE",
    "KMS_PROTOCOL_VERSION",
    "LogEventType",
    "NOTIFIER_HANDSHAKE",
    "NOTIFIER_PROTOCOL_VERSION",
    "PluginSdkError",
    "authKind",
    "eventSearcherKind",
    "gateKind",
    "ipFilterKind",
    "kmsKind",
    "notifierKind",
    "parseFsEvents",
    "parseLogEvents",
    "parseProviderEvents",
    "pluginInfoKind",
  ],
  "@fairlead/plugin-sdk/testing": [
    "connectAuth",
    "connectEventSearcher",
    "connectGate",
    "connectIpFilter",
    "connectKms",
    "connectNotifier",
    "logInByKeyboard",
    "makeDecryptRequest",
    "makeEncryptRequest",
    "makeFsEvent",
    "makeFsEventsFilter",
    "makeGateRequest",
    "makeKeyboardInteractiveCheck",
    "makeKeyboardStep",
    "makeKnownUser",
    "makeLogEvent",
    "makeLogEventsFilter",
    "makePasswordCheck",
    "makeProviderEvent",
    "makeProviderEventsFilter",
    "makePublicKeyCheck",
    "makeTlsCertificateCheck",
    "makeUnknownUser",
    "readUser",
    "spawnPlugin",
  ],
  "@fairlead/sftp": ["SftpError", "serveSftp"],
  "@fairlead/sftp/testing": ["describeFileSystem"],
};

for (const [entry, values] of Object.entries(VALUES)) {
  test(`${entry} exports what it always did`, async () => {
    assert.deepEqual(Object.keys((await import(entry)) as object), values);
  });
}

interface Exported {
  readonly name: string;
  readonly file: string;
}

/** What an entry exports of the files of its package. */
function exportsOf(entry: string): Exported[] {
  const source = readFileSync(entry, "utf8");
  return [...source.matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)";$/gm)].flatMap(([, names, path]) =>
    names!
      .split(",")
      .map((name) => name.trim().replace(/^type /, ""))
      .filter((name) => name !== "")
      .map((name) => ({ name, file: join(dirname(entry), path!) })),
  );
}

/** The declaration, and whether a comment stands right above it. */
function findDeclaration({ name, file }: Exported): { readonly text: string; readonly described: boolean } {
  const source = readFileSync(file, "utf8");
  const pattern = new RegExp(
    `^export (?:declare )?(?:abstract )?(?:async )?(?:interface|type|function\\*?|const|class) ${name}\\b`,
    "m",
  );
  const found = pattern.exec(source);
  assert.ok(found !== null, `${name} is not declared in ${file}`);
  return { text: source.slice(found.index), described: source.slice(0, found.index).endsWith("*/\n") };
}

for (const manifest of globSync("packages/*/package.json", { cwd: root }).toSorted()) {
  const { name: packageName, exports } = JSON.parse(readFileSync(join(root, manifest), "utf8")) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, { readonly source: string }>>;
  };
  const entries = Object.values(exports).map(({ source }) => join(root, dirname(manifest), source));

  test(`every export of ${packageName} is described`, () => {
    const silent = entries
      .flatMap((entry) => exportsOf(entry))
      .filter((exported) => !findDeclaration(exported).described)
      .map(({ name, file }) => `${name} in ${file.slice(root.length + 1)}`);
    assert.deepEqual([...new Set(silent)], []);
  });

  test(`every option of ${packageName} is described`, () => {
    const silent = entries
      .flatMap((entry) => exportsOf(entry))
      .filter(({ name }) => /^[A-Z].*(?:Options|Policy)$/.test(name))
      .flatMap((exported) =>
        findSilentMembers(findDeclaration(exported).text).map((member) => `${exported.name}.${member}`),
      );
    assert.deepEqual([...new Set(silent)], []);
  });

  if (!packageName.startsWith("@fairlead/")) continue;
  test(`every type that an export of ${packageName} mentions is exported too`, () => {
    const exported = entries.flatMap((entry) => exportsOf(entry));
    const names = new Set(exported.map(({ name }) => name));
    const hidden = exported.flatMap((one) =>
      findMentionedTypes(one)
        .filter((type) => !names.has(type))
        .map((type) => `${type}, of ${one.name}`),
    );
    assert.deepEqual([...new Set(hidden)], []);
  });
}

/** The types of its own package in a declaration's head or body, but for the bodies of functions and classes. */
function findMentionedTypes(exported: Exported): string[] {
  const { text } = findDeclaration(exported);
  const [, keyword = ""] = /^export (?:async )?(\w+)/.exec(text) ?? [];
  const ends: Readonly<Record<string, RegExp>> = {
    interface: /^\}/m,
    type: /;\n(?=\n|$|export|\/)/,
    function: /\{\n/,
    const: /=/,
  };
  const end = ends[keyword];
  if (end === undefined) return [];
  const code = text.slice(0, text.search(end)).replaceAll(/\/\*\*.*?\*\//gs, "");
  const source = readFileSync(exported.file, "utf8");
  const imported = [...source.matchAll(/^import (?:type )?\{([^}]*)\} from "\./gm)].flatMap(([, list]) =>
    list!.split(","),
  );
  const declared = [...source.matchAll(/^(?:export )?(?:interface|type|class) (\w+)/gm)].map(([, name]) => name!);
  const own = new Set([...imported.map((name) => name.trim().replace(/^type /, "")), ...declared]);
  return [...code.matchAll(/\b[A-Z]\w+\b/g)].map(([name]) => name).filter((name) => own.has(name));
}

/** The members of an interface without a comment of their own. */
function findSilentMembers(declaration: string): string[] {
  const lines = declaration.slice(0, declaration.search(/^\}/m)).split("\n");
  return lines.flatMap((line, index) => {
    const [, member] = /^ {2}(?:readonly )?(\w+)\??[:(]/.exec(line) ?? [];
    return member === undefined || lines[index - 1]!.endsWith("*/") ? [] : [member];
  });
}

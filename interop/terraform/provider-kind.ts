/**
 * As much of Terraform's plugin protocol, version 5, as it takes to create a resource. Values go out as JSON and come
 * back as msgpack.
 */
import { definePluginKind } from "@fairlead/go-plugin";
import { defineMethod, type Codec } from "@fairlead/grpc";
import { bytesField, numberField, readProto, writeProto } from "../../packages/grpc/test/fixtures/protobuf.ts";
import { decodeMsgpack, type MsgpackValue } from "./msgpack.ts";

/** Public: the same for Terraform, OpenTofu and every provider. */
export const TERRAFORM_HANDSHAKE = {
  key: "TF_PLUGIN_MAGIC_COOKIE",
  value: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
};

export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
}

export interface Attribute {
  readonly name: string;
  /** Terraform's type as JSON, such as `"string"` or `["map","string"]`. */
  readonly type: unknown;
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
}

export interface ProviderSchema {
  readonly resources: ReadonlyMap<string, readonly Attribute[]>;
  readonly diagnostics: readonly Diagnostic[];
}

/** A state as it was answered: to be looked at, and to be handed back as it is. */
export interface State {
  readonly value: MsgpackValue;
  readonly bytes: Uint8Array;
}

export interface Change {
  readonly state: State;
  /** For the provider's eyes only. */
  readonly privateState: Uint8Array;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Provider {
  readSchema(): Promise<ProviderSchema>;
  configure(config: object): Promise<readonly Diagnostic[]>;
  validate(resource: string, config: object): Promise<readonly Diagnostic[]>;
  /** Plans a new resource; `config` has every attribute of the schema, null where nothing is set. */
  planNew(resource: string, config: object): Promise<Change>;
  applyNew(resource: string, config: object, plan: Change): Promise<Change>;
  /** Asks it to give up what it is doing; no answer but an error's text, empty when there is none. */
  stop(): Promise<string>;
}

type Field = readonly [number: number, value: number | Uint8Array];
const request: Codec<readonly Field[]> = { encode: writeProto, decode: unused };

const getSchema = defineMethod("unary", "/tfplugin5.Provider/GetSchema", request, decoder(readSchema));
const configure = defineMethod("unary", "/tfplugin5.Provider/Configure", request, decoder(diagnosticsAt(1)));
const validate = defineMethod(
  "unary",
  "/tfplugin5.Provider/ValidateResourceTypeConfig",
  request,
  decoder(diagnosticsAt(1)),
);
const plan = defineMethod("unary", "/tfplugin5.Provider/PlanResourceChange", request, decoder(changeAt(1, 3, 4)));
const apply = defineMethod("unary", "/tfplugin5.Provider/ApplyResourceChange", request, decoder(changeAt(1, 2, 3)));
const stop = defineMethod(
  "unary",
  "/tfplugin5.Provider/Stop",
  request,
  decoder((bytes) => textAt(bytes, 1)),
);

/** A Terraform provider; ours to run, not to be. */
export const providerKind = definePluginKind<never, Provider>({
  name: "provider",
  register: unused,
  connect: (connection) => ({
    readSchema: async () => await connection.unary(getSchema, []),
    configure: async (config) => await connection.unary(configure, [text(1, "1.9.0"), json(2, config)]),
    validate: async (resource, config) => await connection.unary(validate, [text(1, resource), json(2, config)]),
    planNew: async (resource, config) =>
      await connection.unary(plan, [text(1, resource), json(2, null), json(3, config), json(4, config)]),
    applyNew: async (resource, config, { state, privateState }) =>
      await connection.unary(apply, [
        text(1, resource),
        json(2, null),
        [3, writeProto([[1, state.bytes]])],
        json(4, config),
        [5, privateState],
      ]),
    stop: async () => await connection.unary(stop, []),
  }),
});

function text(number: number, value: string): Field {
  return [number, Buffer.from(value)];
}

/** A DynamicValue. */
function json(number: number, value: object | null): Field {
  return [number, writeProto([[2, Buffer.from(JSON.stringify(value))]])];
}

function decoder<T>(decode: (bytes: Uint8Array) => T): Codec<T> {
  return { encode: unused, decode };
}

function unused(): never {
  throw new TypeError("a host does not do that");
}

function textAt(bytes: Uint8Array, number: number): string {
  return bytesField(readProto(bytes), number)?.toString("utf8") ?? "";
}

function manyAt(bytes: Uint8Array, number: number): readonly Buffer[] {
  return (readProto(bytes).get(number) ?? []).filter((value) => typeof value !== "number");
}

function diagnosticsAt(number: number): (bytes: Uint8Array) => readonly Diagnostic[] {
  return (bytes) =>
    manyAt(bytes, number).map((diagnostic) => ({
      severity: numberField(readProto(diagnostic), 1) === 1 ? "error" : "warning",
      summary: textAt(diagnostic, 2),
      detail: textAt(diagnostic, 3),
    }));
}

function changeAt(stateField: number, privateField: number, diagnosticsField: number): (bytes: Uint8Array) => Change {
  return (bytes) => {
    const fields = readProto(bytes);
    const state = bytesField(readProto(bytesField(fields, stateField) ?? Buffer.alloc(0)), 1);
    return {
      state: { bytes: state ?? new Uint8Array(), value: state === undefined ? null : decodeMsgpack(state) },
      privateState: bytesField(fields, privateField) ?? new Uint8Array(),
      diagnostics: diagnosticsAt(diagnosticsField)(bytes),
    };
  };
}

function readSchema(bytes: Uint8Array): ProviderSchema {
  const resources = manyAt(bytes, 2).map((entry) => {
    const [schema = Buffer.alloc(0)] = manyAt(entry, 2);
    const [block = Buffer.alloc(0)] = manyAt(schema, 2);
    return [textAt(entry, 1), manyAt(block, 2).map(readAttribute)] as const;
  });
  return { resources: new Map(resources), diagnostics: diagnosticsAt(4)(bytes) };
}

function readAttribute(bytes: Uint8Array): Attribute {
  const fields = readProto(bytes);
  return {
    name: textAt(bytes, 1),
    type: JSON.parse(textAt(bytes, 2)) as unknown,
    required: numberField(fields, 4) !== 0,
    optional: numberField(fields, 5) !== 0,
    computed: numberField(fields, 6) !== 0,
  };
}

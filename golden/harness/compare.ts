import { isDeepStrictEqual } from "node:util";

/** One thing that is not as recorded. `at` names it the same way in every run, for the list of deliberate differences. */
export interface Difference {
  readonly at: string;
  readonly ours: unknown;
  readonly theirs: unknown;
}

/** An RPC, from a recording or from a probe, normalised. */
export interface NormalRpc {
  readonly probe: string;
  readonly method: string;
  readonly req: Readonly<Record<string, unknown>>;
  /** Whole seconds; undefined when the server set none. */
  readonly deadlineS: number | undefined;
}

/** A field that is text or a number, as text. */
export function textOf(req: Readonly<Record<string, unknown>>, name: string): string {
  const value = req[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What an RPC is called in reports: `upload /f1.txt`, `log 5 full`, `CheckUserAndPass full`. */
export function nameOf({ method, req }: NormalRpc): string {
  const value = (name: string): string => textOf(req, name);
  switch (method) {
    case "/proto.Notifier/SendFsEvent":
      return `${value("action")} ${value("ssh_cmd") === "" ? "" : `${value("ssh_cmd")} `}${value("virtual_path")}`.trim();
    case "/proto.Notifier/SendLogEvent":
      return `log ${value("event")} ${value("username")}`.trim();
    case "/proto.Notifier/SendProviderEvent":
      return `${value("action")} ${value("object_type")} ${value("object_name")}`;
    default: {
      const subject = value("username") || value("additional_data") || value("ip");
      const step = req["step"] === undefined ? "" : ` step ${value("step")}`;
      return `${method.slice(method.lastIndexOf("/") + 1)} ${subject}${step}`.trim();
    }
  }
}

/** Compares two lists, each in order of creation, field by field. What has no counterpart by name is missing or too many. */
export function compareRpcs(ours: readonly NormalRpc[], theirs: readonly NormalRpc[]): Difference[] {
  const services = [...new Set([...theirs, ...ours].map(serviceOf))];
  return services.flatMap((service) =>
    compareService(
      ours.filter((rpc) => serviceOf(rpc) === service),
      theirs.filter((rpc) => serviceOf(rpc) === service),
    ),
  );
}

function serviceOf({ method }: NormalRpc): string {
  return method.slice(0, method.lastIndexOf("/"));
}

function compareService(ours: readonly NormalRpc[], theirs: readonly NormalRpc[]): Difference[] {
  const differences: Difference[] = [];
  for (const [mine, other] of align(ours, theirs)) {
    if (mine === undefined) differences.push({ at: `missing: ${nameOf(other!)}`, ours: undefined, theirs: other!.req });
    else if (other === undefined)
      differences.push({ at: `too many: ${nameOf(mine)}`, ours: mine.req, theirs: undefined });
    else differences.push(...compareFields(nameOf(other), mine, other));
  }
  return differences;
}

function compareFields(name: string, mine: NormalRpc, other: NormalRpc): Difference[] {
  const differences: Difference[] = [];
  const compare = (field: string, ours: unknown, theirs: unknown): void => {
    if (!isDeepStrictEqual(ours, theirs)) differences.push({ at: `${name}: ${field}`, ours, theirs });
  };
  for (const field of new Set([...Object.keys(other.req), ...Object.keys(mine.req)])) {
    const [ours, theirs] = [mine.req[field], other.req[field]];
    if (isDocument(ours) && isDocument(theirs)) compareDocuments(`${name}: ${field}`, ours, theirs, differences);
    else compare(field, ours, theirs);
  }
  compare("deadline", mine.deadlineS, other.deadlineS);
  compare("process", mine.probe, other.probe);
  return differences;
}

interface NotedDocument {
  readonly _json: unknown;
  readonly _text: string;
}

function isDocument(value: unknown): value is NotedDocument {
  return typeof value === "object" && value !== null && "_json" in value;
}

/** Member by member, so that one missing member is one difference; the order of members is one more. */
function compareDocuments(at: string, ours: NotedDocument, theirs: NotedDocument, differences: Difference[]): void {
  const before = differences.length;
  compareValues(at, ours._json, theirs._json, differences);
  if (differences.length === before && ours._text !== theirs._text) {
    differences.push({ at: `${at} text`, ours: ours._text, theirs: theirs._text });
  }
}

export function compareValues(at: string, ours: unknown, theirs: unknown, differences: Difference[]): void {
  if (isRecord(ours) && isRecord(theirs)) {
    for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
      compareValues(`${at}.${key}`, ours[key], theirs[key], differences);
    }
  } else if (!isDeepStrictEqual(ours, theirs)) {
    differences.push({ at, ours, theirs });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Longest common subsequence by name; ties keep the order of both lists. */
function align(
  ours: readonly NormalRpc[],
  theirs: readonly NormalRpc[],
): (readonly [NormalRpc | undefined, NormalRpc | undefined])[] {
  const [mine, other] = [ours.map(nameOf), theirs.map(nameOf)];
  const width = other.length + 1;
  const lengths = new Uint32Array((mine.length + 1) * width);
  for (let i = mine.length - 1; i >= 0; i--) {
    for (let j = other.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        mine[i] === other[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  const pairs: (readonly [NormalRpc | undefined, NormalRpc | undefined])[] = [];
  let [i, j] = [0, 0];
  while (i < mine.length || j < other.length) {
    if (i < mine.length && j < other.length && mine[i] === other[j]) pairs.push([ours[i++], theirs[j++]]);
    else if (j >= other.length || (i < mine.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!))
      pairs.push([ours[i++], undefined]);
    else pairs.push([undefined, theirs[j++]]);
  }
  return pairs;
}

import { type Difference, compareValues } from "./compare.ts";
import { Normaliser } from "./normaliser.ts";
import type { Recording } from "./recording.ts";
import type { Stage } from "./stage.ts";

/** Users as the recording found them stored after the situation, against ours: `{"stored_user": …}`, `GET /users/x: 404`. */
export async function compareStored(stage: Stage, recording: Recording, normaliser: Normaliser): Promise<Difference[]> {
  const expected = new Map<string, Readonly<Record<string, unknown>> | undefined>();
  for (const note of recording.notes) {
    const missing = /^GET \/users\/(\S+): 404$/.exec(typeof note === "string" ? note : "")?.[1];
    if (missing !== undefined) expected.set(missing, undefined);
    const stored = (note as { readonly stored_user?: Readonly<Record<string, unknown>> } | null)?.stored_user;
    if (stored !== undefined) expected.set(String(stored["username"]), stored);
  }
  const differences: Difference[] = [];
  for (const [username, theirs] of expected) {
    const ours = await stage.findUser(username);
    const recorded = new Normaliser(new Map());
    compareValues(`stored ${username}`, withoutRest(ours, normaliser), withoutRest(theirs, recorded), differences);
  }
  return differences;
}

/** What REST adds or leaves out, and times, which were compared in what plugins were sent. */
const LEFT_OUT =
  /^(?:id|password|has_password|created_at|updated_at|last_login|last_password_change|first_upload|first_download)$/;

function withoutRest(user: Readonly<Record<string, unknown>> | undefined, normaliser: Normaliser): unknown {
  if (user === undefined) return undefined;
  const kept = Object.fromEntries(Object.entries(user).filter(([key]) => !LEFT_OUT.test(key)));
  const text = JSON.stringify(kept, (_key, value: unknown) => (typeof value === "bigint" ? Number(value) : value));
  return withoutZeros(JSON.parse(normaliser.text(text)));
}

/** An absent member is the zero of its type, as in Go. */
function withoutZeros(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutZeros);
  if (typeof value !== "object" || value === null)
    return value === 0 || value === "" || value === false ? undefined : (value ?? undefined);
  const entries = Object.entries(value)
    .map(([key, member]): [string, unknown] => [key, withoutZeros(member)])
    .filter(([, member]) => member !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * How every fuzz test of the repository runs its rounds: each round is made from one number, so that the number alone
 * brings a failure back. `FUZZ_SEED` is the first one (default 1), `FUZZ_ROUNDS` how many there are (default: what the
 * test asks for, sized for CI). `npm run fuzz` sets both.
 *
 * @returns how many rounds there were
 */
export async function fuzz(rounds: number, round: (seed: number) => void | Promise<void>): Promise<number> {
  const first = readNumber("FUZZ_SEED") ?? 1;
  const end = first + (readNumber("FUZZ_ROUNDS") ?? rounds);
  for (let seed = first; seed < end; seed++) {
    try {
      const pending = round(seed);
      if (pending !== undefined) await pending;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed} (again: FUZZ_SEED=${seed} npm run fuzz): ${why}`, { cause: error });
    }
  }
  return end - first;
}

function readNumber(variable: string): number | undefined {
  const text = process.env[variable] ?? "";
  if (text === "") return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new TypeError(`${variable} is a number of up to nine digits, not ${text}`);
  return Number(text);
}

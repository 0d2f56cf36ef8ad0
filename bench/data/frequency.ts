const UNIT_MS: Readonly<Record<string, number>> = {
  S: 1000,
  T: 60_000,
  MIN: 60_000,
  H: 3_600_000,
  D: 86_400_000,
  W: 7 * 86_400_000,
};

/** Milliseconds of a frequency as pandas writes it: `10S`, `T`, `5min`, `H`, `D`. Undefined for anything else. */
export function frequencyMs(text: string): number | undefined {
  const match = /^(\d*)([a-z]+)$/i.exec(text);
  if (match === null) return undefined;
  const unitMs = UNIT_MS[match[2]!.toUpperCase()];
  const count = match[1] === '' ? 1 : Number(match[1]);
  return unitMs === undefined || count === 0 ? undefined : count * unitMs;
}

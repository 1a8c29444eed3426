const UNITS: ReadonlyMap<string, number> = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);

/** What a duration looks like; `parseDuration` has the last word. */
export const DURATION: RegExp = /^(\d{1,16}) ?(ms|[smhd])?$/;

/** Milliseconds in `30d`, `12h`, `10m`, `5 s`, `250ms` or `250`; NaN when it is none of these. */
export function parseDuration(text: string): number {
  const [, digits, unit = 'ms'] = DURATION.exec(text) ?? [];
  const ms = Number(digits) * UNITS.get(unit)!;
  return Number.isSafeInteger(ms) ? ms : Number.NaN;
}

/** The shortest text that `parseDuration` reads as so many milliseconds. */
export function durationText(ms: number): string {
  if (ms === 0) return '0';
  const [unit, length] = [...UNITS].find(([, length]) => ms % length === 0)!;
  return `${ms / length}${unit}`;
}

const UNITS: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** What a size looks like; `parseSize` has the last word. */
export const SIZE: RegExp = /^(\d{1,16}) ?([KMGT]i?B|B)?$/;

/** Bytes in `16MiB`, `16 MB`, `512B` or `1024`; NaN when it is none of these. */
export function parseSize(text: string): number {
  const [, digits, unit = 'B'] = SIZE.exec(text) ?? [];
  const bytes = Number(digits) * UNITS[unit]!;
  return Number.isSafeInteger(bytes) ? bytes : Number.NaN;
}

/** The shortest text in binary units that `parseSize` reads as so many bytes. */
export function sizeText(bytes: number): string {
  const unit = ['TiB', 'GiB', 'MiB', 'KiB'].find((name) => bytes > 0 && bytes % UNITS[name]! === 0);
  return unit === undefined ? `${bytes}` : `${bytes / UNITS[unit]!}${unit}`;
}

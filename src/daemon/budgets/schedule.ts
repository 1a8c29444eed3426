import type { TrafficRates } from '../../protocol/index.ts';
import { parseSize, SIZE } from '../units/index.ts';
import type { BudgetOptions } from './options.ts';

/** A time of the day with rates of its own. */
export interface Scheduled {
  /** Minutes since midnight. */
  readonly from: number;
  /** Not included; not after `from`: on the next day. */
  readonly to: number;
  /** Bytes a second of all peers together; null: no limit of any kind. */
  readonly rates: { readonly upload: number; readonly download: number } | null;
}

/** The least rate: fewer bytes a second would make streams of several peers time out. */
export const MIN_BYTES_PER_SECOND: number = 64 * 1024;

const LINE = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d) (\S+)$/;

/**
 * `HH:MM-HH:MM unlimited`, or a size a second in place of `unlimited`, or two with a slash between: upload,
 * then download. Throws `RangeError`.
 */
export function parseScheduled(text: string): Scheduled {
  const [, ...parts] = LINE.exec(text) ?? [];
  if (parts.length === 0) throw new RangeError(`not a time of the day with its rates: ${text}`);
  const [from, to] = [minuteOf(parts[0]!, parts[1]!), minuteOf(parts[2]!, parts[3]!)];
  if (from === to) throw new RangeError(`it begins when it ends: ${text}`);
  return { from, to, rates: parts[4] === 'unlimited' ? null : ratesOf(parts[4]!) };
}

/** The rates that hold at a minute of the day, and the line of the schedule that says so. */
export function ratesAt(
  { schedule, ...budgets }: BudgetOptions,
  minute: number,
): { readonly rates: TrafficRates; readonly scheduled: string | null } {
  const rates = {
    upload: budgets.uploadBytesPerSecond,
    download: budgets.downloadBytesPerSecond,
    peerUpload: budgets.peerUploadBytesPerSecond,
    peerDownload: budgets.peerDownloadBytesPerSecond,
  };
  for (const scheduled of schedule) {
    const entry = parseScheduled(scheduled);
    if (!holds(entry, minute)) continue;
    return { rates: entry.rates === null ? UNLIMITED : { ...rates, ...entry.rates }, scheduled };
  }
  return { rates, scheduled: null };
}

const UNLIMITED: TrafficRates = { upload: 0, download: 0, peerUpload: 0, peerDownload: 0 };

function holds({ from, to }: Scheduled, minute: number): boolean {
  return from < to ? from <= minute && minute < to : from <= minute || minute < to;
}

function minuteOf(hours: string, minutes: string): number {
  return 60 * Number(hours) + Number(minutes);
}

function ratesOf(text: string): NonNullable<Scheduled['rates']> {
  const sizes = text.split('/');
  if (sizes.length > 2 || !sizes.every((size) => SIZE.test(size))) {
    throw new RangeError(`not unlimited, a size or two sizes: ${text}`);
  }
  const [upload, download = upload] = sizes.map(parseSize) as [number, number?];
  if (!(Math.min(upload, download) >= MIN_BYTES_PER_SECOND)) {
    throw new RangeError(`a rate below 64KiB: ${text}`);
  }
  return { upload, download };
}

/** Numbers, sizes and times as people read them. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 1234567 is "1,234,567". */
export function countText(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

/** Bytes in decimal units with three digits at most: 1536 is "1.54 kB". */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  // 999.5 would be shown as 1000.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${threeDigits(value, unit === 0)} ${UNITS[unit]}`;
}

/** A rate for each second; small ones keep a decimal. */
export function rateText(perSecond: number): string {
  return perSecond > 0 && perSecond < 10 ? perSecond.toFixed(1) : countText(perSecond);
}

/** The two largest units of a time: "2 h 5 min". */
export function durationText(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return two(whole, MINUTE, 'min', 1, 's');
  if (whole < DAY) return two(whole, HOUR, 'h', MINUTE, 'min');
  return two(whole, DAY, 'd', HOUR, 'h');
}

/** The time that an operation took, in milliseconds or longer units. */
export function tookText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : durationText(ms / 1_000);
}

/** The time since an instant, in whole units. The clocks of browser and daemon may differ a little. */
export function ago(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - atMs) / 1_000));
  if (seconds < 2) return 'now';
  return seconds < MINUTE ? `${seconds} s ago` : `${durationText(seconds)} ago`;
}

/** The digits by which people tell ids apart: the last six of a peer, the first ten of an item. */
export function shortId(id: string): string {
  return id.length === 64 ? id.slice(0, 10) : id.slice(-6);
}

function threeDigits(value: number, isWhole: boolean): string {
  if (isWhole || value >= 99.95) return `${Math.round(value)}`;
  return value.toFixed(value >= 9.995 ? 1 : 2);
}

function two(seconds: number, unit: number, name: string, lesser: number, lesserName: string) {
  const rest = Math.floor((seconds % unit) / lesser);
  const first = `${Math.floor(seconds / unit)} ${name}`;
  return rest === 0 ? first : `${first} ${rest} ${lesserName}`;
}

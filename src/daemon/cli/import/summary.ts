import { formatBytes, formatCount, formatNumber } from '../format.ts';
import type { SkipReason } from './candidate.ts';
import type { Summary } from './run.ts';

/** The last lines of an import: counts of items stored, skipped and failed, and why it stopped. */
export function formatSummary(summary: Summary, { maxBytes }: { maxBytes: number }): string {
  const { imported, created, bytes, failed, stopped } = summary;
  const lines = [
    `imported ${formatCount(imported, 'item')}, ${formatBytes(bytes)}: ` +
      `${formatNumber(created)} new, ${formatNumber(imported - created)} there already`,
  ];
  const names: Record<SkipReason, string> = {
    symlink: 'symbolic links',
    notAFile: 'neither file nor directory',
    tooLarge: `above ${formatBytes(maxBytes)} (--max-bytes)`,
    blankLine: 'blank lines',
    ownFile: 'files or directories of a node itself',
  };
  const skipped = Object.entries(summary.skipped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${formatNumber(count)} ${names[reason as SkipReason]}`);
  if (skipped.length > 0) lines.push(`skipped ${skipped.join(', ')}`);
  if (failed > 0) lines.push(`failed ${formatNumber(failed)}`);
  if (stopped !== null) {
    lines.push(
      `stopped before the end: ${stopped.message} [${stopped.code}]`,
      'what was not reached is not counted; run the same import again, nothing enters twice',
    );
  }
  return lines.join('\n');
}

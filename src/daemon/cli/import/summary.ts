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
  const names: Record<SkipReason, [one: string, many: string]> = {
    symlink: ['symbolic link', 'symbolic links'],
    notAFile: both('neither file nor directory'),
    tooLarge: both(`above ${formatBytes(maxBytes)} (--max-bytes)`),
    blankLine: ['blank line', 'blank lines'],
    ownFile: ['file or directory of a node itself', 'files or directories of a node itself'],
    manifest: both('manifest of this import'),
  };
  const skipped = Object.entries(summary.skipped)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => {
      const [one, many] = names[reason as SkipReason];
      return `${formatNumber(count)} ${count === 1 ? one : many}`;
    });
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

function both(words: string): [string, string] {
  return [words, words];
}

import type { WhyAnswer } from '../node-api.ts';
import { formatBytes } from './format.ts';

/** A line that says where an item is; for a wanted item, more lines about its sources. */
export function formatWhy(answer: WhyAnswer): string {
  switch (answer.state) {
    case 'have':
      return `have: ${formatBytes(answer.bytes)} under hint ${answer.hint}`;
    case 'wanted':
      return formatWanted(answer);
    case 'refused':
      return 'refused: peers have it, and it is above limits.maxItemBytes here';
    case 'expired':
      return `expired: wanted until ${answer.at}; peers said to have it, and it never came`;
    case 'unknown':
      return 'unknown: not here, and no peer has said to have it';
  }
}

function formatWanted(answer: Extract<WhyAnswer, { state: 'wanted' }>): string {
  const { since, sources, fetchingFrom, bytes, confirmed, expiresAt } = answer;
  const size = bytes === null ? '' : ` (${formatBytes(bytes)})`;
  const lines = [
    `wanted since ${since}${size}`,
    sources.length > 0
      ? `from ${sources.join(', ')}`
      : 'no connected peer is known to have it: those that connect are asked',
  ];
  if (fetchingFrom !== null) lines.push(`being fetched from ${fetchingFrom}`);
  lines.push(`given up at ${expiresAt}${confirmed ? '' : ', later if a second peer has it'}`);
  return lines.join('\n  ');
}

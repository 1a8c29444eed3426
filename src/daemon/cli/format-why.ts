import type { Asked, WhyAnswer, WhyAttempt } from '../node-api.ts';
import { formatBytes } from './format.ts';

/** A line that says where an item is, and more lines with the facts behind it. */
export function formatWhy(answer: WhyAnswer): string {
  switch (answer.state) {
    case 'have':
      return formatHave(answer).join('\n  ');
    case 'wanted':
      return formatWanted(answer).join('\n  ');
    case 'refused': {
      if (answer.refusal !== null) return formatRefusal(answer.refusal);
      const peers = answer.refusedAt.map((peer) => `${peer} says that it is too long`);
      return ['refused: peers have it, and it is above limits.maxItemBytes here', ...peers].join(
        '\n  ',
      );
    }
    case 'expired': {
      const head = `expired: wanted until ${answer.at}; peers said to have it, and it never came`;
      return [head, ...formatAsked(answer)].join('\n  ');
    }
    case 'unknown': {
      const head = 'unknown: not here, and no peer has said to have it';
      return [head, ...formatAsked(answer)].join('\n  ');
    }
  }
}

type KeptOut = NonNullable<Extract<WhyAnswer, { state: 'refused' }>['refusal']>;

function formatRefusal({ at, by, reason }: KeptOut): string {
  const why = reason === '' ? '' : `: ${reason}`;
  const advice = 'rangemesh unrefuse lets it in again';
  return `refused: kept out by ${by === 'operator' ? 'an operator' : 'the policy'} since ${at}${why}\n  ${advice}`;
}

type HaveFacts = Extract<WhyAnswer, { state: 'have' }>;

function formatHave(answer: HaveFacts): string[] {
  const { hint, bytes, arrival, indexed, lackedBy } = answer;
  const lines = [`have: ${formatBytes(bytes)} under hint ${hint}`];
  if (arrival !== null) {
    lines.push(formatArrival(arrival));
  }
  if (indexed === false) {
    lines.push('missing in the index, so that peers do not learn of it: run "rangemesh verify"');
  }
  const lacks = lackedBy.map(
    ({ peerId, since, at }) => `${peerId} lacked it at ${at}, in each session since ${since}`,
  );
  return [...lines, ...lacks];
}

function formatArrival(arrival: NonNullable<HaveFacts['arrival']>): string {
  const { seq, at, source, publisher } = arrival;
  if (at === null) return `number ${seq} in the order of arrival; time and source are not known`;
  const from = source === 'local' ? 'put here' : `from ${source}`;
  const by = publisher === null || publisher === source ? '' : `, announced by ${publisher}`;
  return `since ${at}, ${from}${by}, number ${seq}`;
}

function formatWanted(answer: Extract<WhyAnswer, { state: 'wanted' }>): string[] {
  const { since, sources, fetchingFrom, bytes, confirmed, expiresAt, attempts } = answer;
  const size = bytes === null ? '' : ` (${formatBytes(bytes)})`;
  const lines = [
    `wanted since ${since}${size}`,
    sources.length > 0
      ? `from ${sources.join(', ')}`
      : 'no connected peer is known to have it: those that connect are asked',
    ...attempts.map(formatAttempt),
  ];
  if (fetchingFrom !== null) lines.push(`being fetched from ${fetchingFrom}`);
  lines.push(`given up at ${expiresAt}${confirmed ? '' : ', later if a second peer has it'}`);
  return lines;
}

const OUTCOMES: Readonly<Record<WhyAttempt['outcome'], string>> = {
  absent: 'it does not have it',
  large: 'it is long, and gets a request of its own',
  'too-large': 'it is above limits.maxItemBytes here',
  unstored: 'it came, and was not stored',
  invalid: 'wrong bytes came',
  stalled: 'the answer stalled',
  failed: 'the request failed',
};

function formatAttempt({ peerId, at, outcome, error }: WhyAttempt): string {
  const why = error === null ? '' : `: ${error.message} [${error.code}]`;
  return `asked ${peerId} at ${at}: ${OUTCOMES[outcome]}${why}`;
}

function formatAsked({ attempts, asked }: Asked): string[] {
  const tried = attempts.map(formatAttempt);
  if (asked.length === 0) return [...tried, 'no peer is connected that could be asked'];
  const sessions = asked.map(({ peerId, lastSession, coversAsOf }) => {
    if (coversAsOf !== null) return `${peerId} did not have it at ${coversAsOf.at}`;
    if (lastSession === null) return `${peerId} was not asked yet`;
    return `${peerId} had a session at ${lastSession} that proved nothing`;
  });
  return [...tried, ...sessions];
}

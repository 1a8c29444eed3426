import type { ItemWhy } from '../../schemas/index.ts';
import { bytesText, countText, shortId } from './format.ts';

/** The answer to "why is this item here, or not?" as people read it. */
export interface WhyText {
  readonly title: string;
  /** Whether the item is here. */
  readonly held: boolean;
  readonly sentences: readonly string[];
}

const WANTED: Readonly<Record<string, string>> = {
  absent: 'says that it does not have the item',
  large: 'has it; a request of its own follows, since it is long',
  'too-large': 'has it; it is above the limit of this node',
  unstored: 'sent it, and this node could not store it',
};

export function whyText(why: ItemWhy): WhyText {
  switch (why.state) {
    case 'have':
      return { title: 'Held here', held: true, sentences: heldText(why) };
    case 'wanted':
      return { title: 'Wanted', held: false, sentences: wantedText(why) };
    case 'refused':
      return { title: 'Refused', held: false, sentences: refusedText(why) };
    case 'expired':
      return {
        title: 'Given up',
        held: false,
        sentences: [`No peer brought it until ${timeText(why.at)}.`, ...askedText(why)],
      };
    default:
      return {
        title: 'Unknown',
        held: false,
        sentences: ['No connected peer listed this item.', ...askedText(why)],
      };
  }
}

type WhyOf<State extends ItemWhy['state']> = Extract<ItemWhy, { state: State }>;

function heldText({ hint, bytes, arrival, indexed, lackedBy }: WhyOf<'have'>): string[] {
  const sentences = [`It has ${bytesText(bytes)} and the hint ${hint}.`];
  if (arrival !== null) {
    const when = arrival.at === null ? 'at an unknown time' : `at ${timeText(arrival.at)}`;
    sentences.push(`It came ${when}, ${sourceText(arrival.source)}, as number ${arrival.seq}.`);
    if (arrival.publisher !== null)
      sentences.push(`The node ${peerText(arrival.publisher)} published it.`);
  }
  if (indexed === false)
    sentences.push(
      'The index does not list it, so peers do not learn of it: run "rangemesh verify".',
    );
  for (const { peerId, since } of lackedBy)
    sentences.push(`Peer ${peerText(peerId)} lacks it since ${timeText(since)}.`);
  if (lackedBy.length === 0) sentences.push('No connected peer is known to lack it.');
  return sentences;
}

function wantedText(why: WhyOf<'wanted'>): string[] {
  const { since, sources, fetchingFrom, attempts, expiresAt } = why;
  const peers =
    sources.length === 1 ? '1 connected peer has' : `${sources.length} connected peers have`;
  return [
    `This node waits for it since ${timeText(since)}.`,
    `As far as known, ${peers} it.`,
    ...(fetchingFrom === null ? [] : [`A request to ${peerText(fetchingFrom)} is under way.`]),
    ...attempts.map(attemptText),
    `This node gives up at ${timeText(expiresAt)}.`,
  ];
}

function refusedText({ refusedAt, refusal }: WhyOf<'refused'>): string[] {
  const large = refusedAt.length > 0 ? ['It is above limits.maxItemBytes of this node.'] : [];
  if (refusal === null) return large;
  const who = refusal.by === 'operator' ? 'An operator' : 'The write policy';
  const why = refusal.reason === '' ? '' : ` (${refusal.reason})`;
  return [
    `${who} keeps it out${why} since ${timeText(refusal.at)}.`,
    'Run "rangemesh unrefuse" to let it in.',
    ...large,
  ];
}

function askedText({ attempts, asked }: WhyOf<'expired' | 'unknown'>): string[] {
  const compared = asked.filter(({ coversAsOf }) => coversAsOf !== null).length;
  const count = `${countText(compared)} of ${countText(asked.length)}`;
  const sessions =
    asked.length === 0
      ? 'No peer is connected, so no peer was asked.'
      : `Sessions compared all items with ${count} connected peers.`;
  return [...attempts.map(attemptText), sessions];
}

function attemptText({ peerId, outcome, error, at }: WhyOf<'unknown'>['attempts'][number]): string {
  const failure = error === null ? outcome : `${outcome}: ${error.message}`;
  return `At ${timeText(at)} peer ${peerText(peerId)} ${WANTED[outcome] ?? `did not bring it (${failure})`}.`;
}

function sourceText(source: string | null): string {
  if (source === 'local') return 'put at this node';
  return source === null ? 'from an unknown source' : `from ${peerText(source)}`;
}

function peerText(peerId: string): string {
  return `…${shortId(peerId)}`;
}

/** Without fractions of a second: "2026-12-01 09:30:00 UTC". */
function timeText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

import { EXIT } from '../../errors.ts';
import type { PeerProof, SyncedAnswer } from '../../explain-api.ts';
import { printAnswer, withClient } from '../ask.ts';
import type { DaemonClient } from '../client/index.ts';
import { usage } from '../errors.ts';
import { formatCount, formatInterval } from '../format.ts';
import type { CliInit } from '../init.ts';
import type { TargetOptions } from '../locate.ts';
import { screenOf, startProgress, wrap } from '../terminal/index.ts';

export interface SyncedOptions extends TargetOptions {
  wide?: boolean;
  wait?: boolean;
  /** Seconds. */
  timeout?: number;
  /** Seconds. */
  maxLag?: number;
}

/** Seconds that one call waits at most. */
const WAIT_SECONDS = 30;
/** The same where a terminal shows how far it is. */
const SHOWN_SECONDS = 1;

/** Says yes or no; with `--wait` as soon as it is yes, or when the time is over. */
export async function synced(options: SyncedOptions, init: CliInit): Promise<number> {
  if (options.timeout !== undefined && options.wait !== true) {
    throw usage('--timeout bounds the time of --wait: give --wait too, or leave --timeout out');
  }
  return withClient(options, init, async (client) => {
    const answer = await askUntil(options, init, client);
    const text = wrap(formatSynced(answer), screenOf(init.stdout, init, options));
    await printAnswer(options, init, answer, text);
    return answer.synced ? EXIT.ok : EXIT.different;
  });
}

async function askUntil(
  { wait = false, timeout, maxLag }: SyncedOptions,
  { clock, stderr }: CliInit,
  client: DaemonClient,
): Promise<SyncedAnswer> {
  const bar = wait ? startProgress({ stream: stderr, clock, label: 'waiting', total: null }) : null;
  const mostSeconds = stderr.isTTY === true ? SHOWN_SECONDS : WAIT_SECONDS;
  let mostWanted = 0;
  let provedSince = wait ? 'now' : null;
  const limitMs = timeout === undefined ? Number.POSITIVE_INFINITY : timeout * 1_000;
  const end = clock.monotonic() + (wait ? limitMs : 0);
  try {
    for (;;) {
      const left = Math.max(0, Math.ceil((end - clock.monotonic()) / 1_000));
      const waitSeconds = Math.min(mostSeconds, left);
      const asked = { maxLagSeconds: maxLag, provedSince, waitSeconds };
      const answer = await client.ask((daemon) => daemon.getSynced(asked));
      provedSince = answer.provedSince;
      if (answer.synced || clock.monotonic() >= end) return answer;
      mostWanted = Math.max(mostWanted, answer.wanted);
      const of = mostWanted === 0 ? null : mostWanted;
      bar?.show(mostWanted - answer.wanted, { of, label: `waiting, ${answer.state}` });
    }
  } finally {
    bar?.end();
  }
}

/** Yes or no with the reason, and a line for each peer. */
export function formatSynced(answer: SyncedAnswer): string {
  const { synced, state, reason, wanted, orphans, refused, peers } = answer;
  const counts = [
    `${formatCount(wanted, 'item')} wanted`,
    `${orphans} of them at no connected peer`,
    `${refused} refused`,
  ].join(', ');
  const head = `${synced ? 'yes' : 'no'}, ${state}: ${reason}`;
  return [head, counts, ...peers.map(formatProof)].join('\n');
}

function formatProof(peer: PeerProof): string {
  const { peerId, inSync, coversAsOf, lagSeconds, lacks, lacksSince, unlisted, error } = peer;
  const facts = [inSync ? 'equal' : 'not known to be equal'];
  if (coversAsOf === null) facts.push('nothing proved yet');
  else facts.push(`all it held is here as of ${coversAsOf.at}${formatInterval(coversAsOf)}`);
  if (lagSeconds !== null) facts.push(`lag ${lagSeconds} s`);
  if (lacks > 0) facts.push(`lacks ${formatCount(lacks, 'item')} since ${lacksSince}`);
  if (unlisted > 0) facts.push(`${formatCount(unlisted, 'item')} missing in the index here`);
  if (error !== null) facts.push(`last session failed: ${error.message} [${error.code}]`);
  return `${peerId}  ${facts.join(', ')}`;
}

import type { VNode } from 'preact';
import type { Status } from '../../node-api.ts';
import {
  bytesText,
  countText,
  durationText,
  type PageVerdict,
  type PeerLink,
} from '../state/index.ts';
import { Mesh } from './mesh.tsx';

interface VerdictProps {
  readonly verdict: PageVerdict;
  readonly status: Status | null;
  readonly links: readonly PeerLink[];
}

/** Shapes beside colours: not all people tell these colours apart. */
const SHAPES: Readonly<Record<PageVerdict['tone'], string>> = {
  good: 'M7 12.5l3.5 3.5L17 8.5',
  busy: 'M12 6.5V12l3.5 2.5',
  bad: 'M12 6.5v6.5M12 16.6v.6',
  off: 'M7.5 12h9',
};

export function Verdict({ verdict, status, links }: VerdictProps): VNode {
  const { tone, title, reason } = verdict;
  return (
    <section class={`verdict ${tone}`} aria-label="Verdict">
      <div class="words">
        <div class="title" role="status">
          <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
            <circle cx="12" cy="12" r="12" />
            <path d={SHAPES[tone]} />
          </svg>
          <h1>{title}</h1>
        </div>
        <p class="reason">{reason}</p>
        {status !== null && <Figures status={status} />}
      </div>
      {status !== null && <Mesh links={links} />}
    </section>
  );
}

function Figures({ status }: { readonly status: Status }): VNode {
  const { set, peers, wanted, lagSeconds } = status;
  const connected = peers.filter((peer) => peer.connected).length;
  const figures: [string, string][] = [
    ['Items', countText(set.items)],
    ['Size', bytesText(set.bytes)],
    ['Peers', countText(connected)],
    ['Oldest proof', lagSeconds === null ? 'none' : durationText(lagSeconds)],
    ['Wanted', countText(wanted)],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

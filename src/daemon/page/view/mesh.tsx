import type { VNode } from 'preact';
import { MAX_DRAWN, type MeshPlace, type PeerLink, placeMesh } from '../state/index.ts';
import { useWidth } from './use-daemon.ts';

interface MeshProps {
  readonly links: readonly PeerLink[];
}

const GLYPHS: Readonly<Record<PeerLink['tone'], string>> = { good: '✓', warn: '!', off: '–' };
/** Above so many peers the names of those that are well make room. */
const MOST_NAMES = 8;

/** The mesh drawn: this node in the middle, and how each peer compares with it. */
export function Mesh({ links }: MeshProps): VNode {
  const [width, setElement] = useWidth();
  const { height, self, peers } = placeMesh(links.length, width);
  const drawn = links.slice(0, MAX_DRAWN).map((link, i) => ({ link, place: peers[i]! }));
  const isFull = links.length > MOST_NAMES;
  return (
    <div class="mesh" ref={setElement}>
      {width > 0 && links.length > 0 && (
        <svg width={width} height={height} role="img" aria-label={summary(links)}>
          {drawn.map(({ link, place }) => (
            <line key={keyOf(link)} class={link.tone} {...ends(self, place)} />
          ))}
          <circle class="self" cx={self.x} cy={self.y} r={24} />
          <text class="name" x={self.x} y={self.y + 42}>
            this node
          </text>
          {drawn.map(({ link, place }) => (
            <Peer
              key={keyOf(link)}
              link={link}
              place={place}
              isNamed={!isFull || link.tone === 'warn'}
              isAbove={place.y < self.y - 1}
            />
          ))}
        </svg>
      )}
      {links.length === 0 && <p class="hint">No peers yet: "rangemesh peers add ADDRESS".</p>}
      {links.length > MAX_DRAWN && (
        <p class="hint">{links.length - MAX_DRAWN} more are listed below.</p>
      )}
    </div>
  );
}

interface PeerProps {
  readonly link: PeerLink;
  readonly place: MeshPlace;
  readonly isNamed: boolean;
  /** The name stands above the circle, away from the line to the middle. */
  readonly isAbove: boolean;
}

function Peer({ link, place: { x, y }, isNamed, isAbove }: PeerProps): VNode {
  return (
    <g class={link.tone}>
      <circle cx={x} cy={y} r={14} />
      <text class="glyph" x={x} y={y + 5}>
        {GLYPHS[link.tone]}
      </text>
      {isNamed && (
        <>
          <text class="name" x={x} y={isAbove ? y - 38 : y + 31}>
            {link.peerId === null ? 'unknown' : link.name}
          </text>
          <text class="label" x={x} y={isAbove ? y - 22 : y + 47}>
            {link.label}
          </text>
        </>
      )}
      <title>{`${link.name}: ${link.detail}`}</title>
    </g>
  );
}

function ends(from: MeshPlace, to: MeshPlace) {
  return { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
}

function keyOf({ peerId, address }: PeerLink): string {
  return peerId ?? address ?? '';
}

function summary(links: readonly PeerLink[]): string {
  const peers = links.map(({ name, label }) => `${name} ${label}`).join(', ');
  return `The mesh: this node and ${links.length} peers. ${peers}`;
}

import type { VNode } from 'preact';
import { bytesText, type PeerLink, tookText } from '../../state/index.ts';

/** All peers with their state in words. */
export function Peers({ links }: { readonly links: readonly PeerLink[] }): VNode {
  return (
    <section class="card" aria-labelledby="peers">
      <h2 id="peers">Peers</h2>
      {links.length === 0 && <p class="hint">No peers are known.</p>}
      <ul class="rows scroll" tabIndex={links.length > 4 ? 0 : undefined}>
        {links.map((link) => (
          <li key={link.peerId ?? link.address} class="peer">
            <span class={`badge ${link.tone}`}>{link.label}</span>
            <code title={link.peerId ?? ''}>{link.name}</code>
            <span class="what">
              {link.detail} <SessionNote link={link} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function SessionNote({ link: { session } }: { readonly link: PeerLink }): VNode | null {
  if (session === null) return null;
  const { durationMs, bytesSent, bytesReceived, dialect } = session;
  return (
    <span class="note">
      Last session: {tookText(durationMs)}, {bytesText(bytesSent + bytesReceived)}, {dialect}.
    </span>
  );
}

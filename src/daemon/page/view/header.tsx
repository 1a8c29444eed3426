import type { VNode } from 'preact';
import type { PageAccess } from '../live/index.ts';
import { durationText, type PageState, shortId } from '../state/index.ts';

interface HeaderProps {
  readonly access: PageAccess;
  readonly state: PageState;
}

const LIVE: Readonly<Record<PageState['connection']['state'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'No connection',
  locked: 'Locked',
};

/** Names the node, and tells whether the page still follows it. */
export function Header({ access, state }: HeaderProps): VNode {
  const { status, connection } = state;
  return (
    <header>
      <p class="brand">
        <Mark /> rangemesh
      </p>
      {status !== null && (
        <p class="facts">
          <span>
            Node <code title={status.peerId}>…{shortId(status.peerId)}</code>
          </span>
          <span>Network {status.network}</span>
          <span>Version {status.version}</span>
          <span>Up {durationText(status.uptimeSeconds)}</span>
        </p>
      )}
      <p class={`link ${connection.state}`}>{LIVE[connection.state]}</p>
      {access.hasToken ? (
        <button type="button" class="plain" onClick={() => access.forget()}>
          Forget token
        </button>
      ) : (
        <button type="button" class="plain" onClick={() => void access.ask()}>
          Enter token
        </button>
      )}
    </header>
  );
}

/** Three nodes, each connected with the others. */
function Mark(): VNode {
  return (
    <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M12 5 4.5 18h15z" fill="none" stroke="currentColor" stroke-width="1.6" />
      <circle cx="12" cy="5" r="3" fill="currentColor" />
      <circle cx="4.5" cy="18" r="3" fill="currentColor" />
      <circle cx="19.5" cy="18" r="3" fill="currentColor" />
    </svg>
  );
}

import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PageAccess, PageStore } from '../live/index.ts';
import { peerLinks, verdictOf } from '../state/index.ts';
import { Header } from './header.tsx';
import { ArrivalList, IncidentList, Peers, Sessions, Wants } from './lists/index.ts';
import { LookUp } from './look-up.tsx';
import { Plots } from './plots.tsx';
import { Progress } from './progress.tsx';
import { Put } from './put.tsx';
import { TokenDialog } from './token.tsx';
import { useAccess, useFollowing, usePageState } from './use-daemon.ts';
import { Verdict } from './verdict.tsx';

interface AppProps {
  readonly access: PageAccess;
  readonly store: PageStore;
}

export function App({ access, store }: AppProps): VNode {
  const state = usePageState(store);
  useAccess(access);
  useFollowing(access, store);
  const [sought, setSought] = useState('');
  const verdict = verdictOf(state);
  const { status } = state;
  const links = status === null ? [] : peerLinks(status, state.synced);
  useEffect(() => {
    document.title = `${verdict.title} · rangemesh`;
  }, [verdict.title]);
  return (
    <>
      <Header access={access} state={state} />
      <main>
        <Verdict verdict={verdict} status={status} links={links} />
        {status !== null && <Progress status={status} />}
        {status !== null && <Plots points={state.points} />}
        <div class="columns">
          <div class="stack">
            {status !== null && (
              <>
                <ArrivalList state={state} onPick={setSought} />
                <Peers links={links} />
                <Sessions sessions={state.sessions} />
              </>
            )}
          </div>
          <div class="stack">
            <Put access={access} onPick={setSought} />
            <LookUp access={access} sought={sought} />
            {status !== null && <IncidentList state={state} />}
            {status !== null && <Wants wants={state.wants} onPick={setSought} />}
          </div>
        </div>
      </main>
      <TokenDialog access={access} />
    </>
  );
}

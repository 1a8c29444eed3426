import type { VNode } from 'preact';
import type { LoggedSession, SessionsAnswer } from '../../../explain-api.ts';
import { bytesText, countText, shortId, tookText } from '../../state/index.ts';

const SHOWN = 8;

/** Running sessions, and the last that ended. */
export function Sessions({ sessions }: { readonly sessions: SessionsAnswer | null }): VNode {
  const { running = [], ended = [] } = sessions ?? {};
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">
        Sessions <span class="count">{countText(running.length)} running</span>
      </h2>
      <ul class="rows">
        {running.slice(0, SHOWN).map(({ peerId, session }) => (
          <li key={peerId}>
            <span class="badge busy">running</span>
            <code>…{shortId(peerId)}</code>
            <span class="what">
              {session === null
                ? 'waits for its turn'
                : `${bytesText(session.bytesReceived)} received`}
            </span>
          </li>
        ))}
        {ended.slice(0, SHOWN).map((session) => (
          <Ended key={session.number} session={session} />
        ))}
      </ul>
    </section>
  );
}

function Ended({ session }: { readonly session: LoggedSession }): VNode {
  const { peerId, equal, error, missing, missingThere, durationMs, role } = session;
  const [tone, label] = labelOf(session);
  const there = missingThere === null ? '' : `, ${countText(missingThere)} there`;
  const found =
    error !== null
      ? `${error.message} [${error.code}]`
      : equal
        ? 'sets are equal'
        : `${countText(missing)} missing here${there}`;
  return (
    <li>
      <span class={`badge ${tone}`}>{label}</span>
      <code>…{shortId(peerId)}</code>
      <span class="what">
        {found}, {tookText(durationMs)}, {role}
      </span>
    </li>
  );
}

function labelOf({ equal, error }: LoggedSession): [string, string] {
  if (error !== null) return ['bad', 'failed'];
  return equal ? ['good', 'equal'] : ['off', 'differed'];
}

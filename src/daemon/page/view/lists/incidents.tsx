import type { VNode } from 'preact';
import { ago, incidentsOf, type PageState, type ShownIncident } from '../../state/index.ts';
import { browserClock, instantMs } from '../browser.ts';

/** What went wrong, why, and the next step. */
export function IncidentList({ state }: { readonly state: PageState }): VNode {
  const { status } = state;
  const at = '';
  const current = [status?.refusing, status?.retention.waits]
    .filter((reason) => reason != null)
    .map((reason) => ({ ...reason, at }));
  const incidents = incidentsOf(state.incidents, current);
  return (
    <section class="card" aria-labelledby="incidents">
      <h2 id="incidents">Incidents</h2>
      {incidents.length === 0 && <p class="hint">None since the start of the daemon.</p>}
      <ul class="incidents scroll" tabIndex={incidents.length > 3 ? 0 : undefined}>
        {incidents.map((incident) => (
          <Incident
            key={`${incident.at} ${incident.code} ${incident.message}`}
            incident={incident}
          />
        ))}
      </ul>
    </section>
  );
}

function Incident({ incident }: { readonly incident: ShownIncident }): VNode {
  const { code, message, advice, isCurrent, at } = incident;
  return (
    <li>
      <p>
        <code>{code}</code>{' '}
        <span class="when">
          {isCurrent ? 'at this moment' : ago(instantMs(at), browserClock.now())}
        </span>
      </p>
      <p>{message}</p>
      <p class="advice">{advice}</p>
    </li>
  );
}

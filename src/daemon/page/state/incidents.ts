import type { RefusalReason, StoreIncident } from '../../node-api.ts';
import { adviceFor } from './advice.ts';

/** An incident with the next step. */
export interface ShownIncident extends StoreIncident {
  readonly advice: string;
  /** It holds at this moment. */
  readonly isCurrent: boolean;
}

/** Incidents that the page keeps. */
export const KEPT_INCIDENTS: number = 50;

/** Each incident once, the newest first. `told` came as events, and `listed` with the status. */
export function mergedIncidents(
  told: readonly StoreIncident[],
  listed: readonly StoreIncident[],
): StoreIncident[] {
  const all = new Map<string, StoreIncident>();
  for (const incident of [...listed, ...told]) {
    // Store and event bus take the time apart from each other.
    const key = `${incident.at.slice(0, 19)} ${incident.code} ${incident.message}`;
    if (!all.has(key)) all.set(key, incident);
  }
  return [...all.values()]
    .sort((a, b) => (a.at < b.at ? 1 : -Number(a.at > b.at)))
    .slice(0, KEPT_INCIDENTS);
}

/** The reasons that hold now, then incidents of the past. */
export function incidentsOf(
  incidents: readonly StoreIncident[],
  current: readonly (RefusalReason & { readonly at: string })[],
): ShownIncident[] {
  return [
    ...current.map((incident) => shown(incident, true)),
    ...incidents.map((incident) => shown(incident, false)),
  ];
}

function shown(incident: StoreIncident, isCurrent: boolean): ShownIncident {
  return { ...incident, advice: adviceFor(incident.code), isCurrent };
}

/**
 * The state that the status page shows, without a browser: events go in, and a new state comes out. All
 * lists are bounded, however long the page stays open.
 */

export { adviceFor } from './advice.ts';
export { type ArrivingItems, arrived, KEPT_ARRIVALS, peersHolding } from './arrivals.ts';
export { ago, bytesText, countText, durationText, rateText, shortId, tookText } from './format.ts';
export { MAX_POINTS, type SeriesPoint } from './history.ts';
export { incidentsOf, KEPT_INCIDENTS, type ShownIncident } from './incidents.ts';
export { MAX_DRAWN, type MeshLayout, type MeshPlace, placeMesh } from './mesh-layout.ts';
export { INITIAL_STATE, type PageEvent, type PageState, reduce } from './page-state.ts';
export { type PeerLink, type PeerTone, peerLinks } from './peer-links.ts';
export { type PageVerdict, type VerdictTone, verdictOf } from './verdict.ts';
export { type WhyText, whyText } from './why-text.ts';

/** The lists of the status page: items, peers, incidents, sessions and wants. */

export { ArrivalList } from './arrivals.tsx';
export { IncidentList } from './incidents.tsx';
export { Peers } from './peers.tsx';
export { Sessions } from './sessions.tsx';
export { Wants } from './wants.tsx';

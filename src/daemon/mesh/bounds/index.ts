/** What strangers may cause in total: dials, connections, remembered peers and messages. */

export { type AdmittingGossip, admitFirst } from './gossip-admission.ts';
export {
  allowedHostsOf,
  HearsayDial,
  type HearsayInit,
  type HostRules,
  mayDialHost,
} from './hearsay.ts';
export { InboundSlots, type InboundSlotsInit } from './inbound-slots.ts';
export { boundCache } from './message-cache.ts';
export { PeerTable, type PeerTableInit } from './peer-table.ts';
export { boundSeen } from './seen-messages.ts';

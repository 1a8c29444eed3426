/** The mesh of a daemon with its services, what it holds against peers, and the watch for a second node with its identity. */

export { ClockWatch, clockApart } from './clock-watch.ts';
export { createAnnounce, createDaemonMesh, type Services } from './daemon-mesh.ts';
export { createPeerRules, type PeerRules } from './peer-rules.ts';
export { RoleNotices } from './role-notices.ts';
export { TwinWatch } from './twin-watch.ts';

/** The mesh of a daemon with its services, and the watch for a second node with its identity. */

export { createAnnounce, createDaemonMesh, type Services } from './daemon-mesh.ts';
export { TwinWatch } from './twin-watch.ts';

/**
 * Finds two running nodes with one identity, by a third node that is connected with both. That node introduces
 * them to each other, and they prove to each other that they run (docs/protocol-twin.md).
 */

export { TWIN_PROTOCOL } from './constants.ts';
export { Introducer } from './introducer.ts';
export { TwinSightings } from './sightings.ts';
export { TwinProver, type TwinProverInit } from './twin-prover.ts';

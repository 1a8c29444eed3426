/** The time of peers: how far their wall clocks are ahead of this one (docs/protocol-clock.md). */

export { CLOCK_PROTOCOL } from './constants.ts';
export { type ClockReading, ClockService, type ClockServiceInit } from './service.ts';

/** The order of arrival on disk: its records are read, compared with the items, and written again. */

export { auditArrivals, type EntryHead } from './audit.ts';
export { departed } from './departed.ts';
export { freshEpoch } from './epoch.ts';
export { checkEnd, findArrivals, type OrderPlace, readArrival, readArrivals } from './read.ts';
export { neededFrom, trimmedSince } from './trim.ts';
export { type OrderInit, replaced, settleOrder, writeOrder } from './write-order.ts';

/**
 * The connections to the endpoint: how many there are, how many requests wait on each, and the order of the
 * answers on each.
 */

export { type DirectCall, type Front, HttpConnection } from './connection.ts';
export { HttpConnections, type ServeInit } from './connections.ts';
export { AdminRequest, type BodyTaker } from './request.ts';

/** The admin endpoint of a daemon: its token, its certificate, and the file by which clients find it. */

export { openAdmin, openToken } from './endpoint.ts';

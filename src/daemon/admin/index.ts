/** What operators and programs of theirs reach a running node by: HTTP, on loopback by default. */
export { ADMIN_FILE, addressPath, readAddress } from './address.ts';
export { type Admin, type AdminInit, createAdmin } from './admin.ts';
export { AdminError, type AdminErrorCode } from './errors.ts';
export type { VerifyLine } from './verify.ts';

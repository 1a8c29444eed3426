/**
 * The files of a LevelDB: tables, logs and manifests compared with their checksums, and what is damaged
 * taken out of them. They are read through a port, `DatabaseFiles`.
 */

export { DatabaseCare, type DatabaseCareInit } from './care.ts';
export { writtenFile } from './check.ts';
export type { DatabaseFiles, FileEntry, ReadableFile } from './port.ts';

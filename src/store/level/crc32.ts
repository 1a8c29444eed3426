import { builtin } from '../system/index.ts';
import { type Crc, crcOf } from './crc.ts';

/** CRC-32 (ISO 3309) by tables. */
export const crc32ByTables: Crc = /* @__PURE__ */ crcOf(0xedb88320);

/** CRC-32. Node's own takes a quarter of the time; browsers have none. */
export const crc32: Crc = builtin('node:zlib')?.crc32 ?? crc32ByTables;

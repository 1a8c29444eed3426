/** Version at the end of the protocol id `/rangemesh/<network>/fetch/2`. */
export const FETCH_VERSION = 2;

/** Most payload bytes in one frame: few enough that other streams get their turn. */
export const CHUNK_BYTES: number = 64 * 1024;

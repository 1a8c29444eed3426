/** The I/O error of a file that ends too early: it is mapped into memory and read behind its end. */
const CUT = /^IO error: .*: Invalid argument$/;

const IO_ERROR = /^IO error: /;

/**
 * Whether LevelDB met an I/O error. Unless `isUnreadable` is true of it too, the file may be whole: the disk,
 * the directory or the limit of open files is to blame.
 */
export function isIoError(error: unknown): boolean {
  const { code, message } = Object(error);
  return code === 'LEVEL_IO_ERROR' || IO_ERROR.test(message);
}

/**
 * Whether LevelDB said, itself or through a `StoreError`, that a file is not what it wrote: then some
 * records are gone for good, while others beside them can be read. Other I/O errors may pass, and say
 * nothing of the records.
 */
export function isUnreadable(error: unknown): boolean {
  const { code, message, cause } = Object(error);
  if (code === 'LEVEL_CORRUPTION') return true;
  // `getSync` gives I/O errors no code.
  if (CUT.test(message)) return true;
  return code === 'STORE_CORRUPT' && cause !== undefined && isUnreadable(cause);
}

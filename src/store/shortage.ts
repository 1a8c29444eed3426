/** What the machine lacks, by the text of an error, with advice; null when it lacks nothing. */
export function shortageOf(reason: string): string | null {
  if (/EMFILE|ENFILE|too many open files/i.test(reason)) {
    return 'the process may open too few files: raise the limit to 4096 or more (ulimit -n, or LimitNOFILE= of systemd)';
  }
  if (/ENOSPC|EDQUOT|no space left|quota exceeded/i.test(reason)) {
    return 'the disk is full: make room on it';
  }
  if (/EROFS|read-only file system/i.test(reason)) {
    return 'the file system cannot be written to: mount it for writing';
  }
  return null;
}

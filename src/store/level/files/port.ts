/** A file of a database, open for reading. */
export interface ReadableFile {
  readonly bytes: number;
  /** Bytes from `offset` on, fewer where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** A file in the directory of a database. */
export interface FileEntry {
  readonly name: string;
  readonly bytes: number;
  /** Another one whenever the file was written to, moved or copied. */
  readonly stamp: string;
}

/** The directory of one LevelDB, and a note that lies beside it. What resolves is on disk. */
export interface DatabaseFiles {
  /** The files; none when there is no directory. */
  list(): Promise<FileEntry[]>;
  /** Null when there is no such file. */
  open(name: string): Promise<ReadableFile | null>;
  /** Moves a file to `lost/`, and puts another in its place where one is given. */
  setAside(name: string, replacement: AsyncIterable<Uint8Array> | null): Promise<void>;
  /** The note; null when there is none, or it cannot be read. */
  readNote(): Promise<string | null>;
  writeNote(text: string): Promise<void>;
}

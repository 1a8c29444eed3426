/** Where the services write what an operator may want to know; a pino logger is one. */
export interface Log {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const SILENT: Log = { debug() {}, warn() {} };

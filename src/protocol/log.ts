/** The services log events for operators here; a pino logger fits. */
export interface Log {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const SILENT: Log = { debug() {}, warn() {} };

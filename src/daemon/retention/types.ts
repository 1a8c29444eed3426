/** Why the floor does not rise. */
export interface RetentionTrouble {
  readonly code: 'CLOCK_JUMPED' | 'FLOOR_AHEAD' | 'RETENTION_STUCK';
  readonly message: string;
}

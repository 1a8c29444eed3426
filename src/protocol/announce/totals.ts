/** Since the start. */
export interface AnnounceTotals {
  /** Own items published. */
  readonly announced: number;
  /** Own items left to sessions: they came too fast or could not be published. */
  readonly dropped: number;
  /** Messages that came, each counted once; those left to sessions each time they came. */
  readonly messages: number;
  /** Further copies of messages. */
  readonly duplicates: number;
  /** Items taken, or their keys. */
  readonly received: number;
  /** Items announced that were here already. */
  readonly known: number;
  readonly rejected: number;
  /** Right messages that this node did not take or did not pass on. */
  readonly ignored: number;
  readonly gaps: number;
  /** The event loop falls behind: items are left to sessions, and peers send no announcements. */
  readonly overloaded: boolean;
}

/** The next step for an operator, by the code of an incident or of an error. */
const ADVICE: Readonly<Record<string, string>> = {
  ITEM_DAMAGED: 'The item is fetched again. If this happens often, check disk and memory.',
  SCRUB_STOPPED: 'Check disk and memory, then restart the node.',
  RECORD_MENDED: 'Nothing to do. If this happens often, check the disk.',
  READ_FAILED: 'Check the disk, and the limit of open files.',
  DATABASE_REPAIRED: 'Keep the peers connected: they refill the set. Check the disk.',
  INDEX_DAMAGED: 'Wait, and keep the peers connected.',
  REBUILD_INTERRUPTED: 'Wait, and keep the peers connected.',
  INDEX_REBUILT: 'Run "rangemesh verify".',
  COMMITS_LOST: 'Keep the peers connected: they refill the set.',
  VERIFY_FAILED: 'Read the report of "rangemesh verify".',
  INVARIANT_BROKEN: 'Report it with its line of the log: it is a fault of rangemesh.',
  WRITE_FAILED: 'Make room on the disk, and check the disk.',
  STORE_WRITE_FAILED: 'Make room on the disk, and check the disk.',
  STORE_CORRUPT: 'Stop the node, move db/ away, and start it: its peers refill the set.',
  STORE_UNAVAILABLE: 'Check the disk, and the limit of open files.',
  STORE_REBUILDING: 'Wait. The index is being built again.',
  DISK_FULL: 'Make room on the disk.',
  SET_FULL: 'Raise limits.maxSetBytes, or set retention.',
  TOO_MANY_ITEMS: 'Raise limits.maxItems.',
  CLOCK_JUMPED: 'Check the clock, then run "rangemesh retention confirm".',
  CLOCKS_APART: 'Find out which clock is wrong, set it, and keep both by NTP.',
  FLOOR_AHEAD:
    'Correct retention.minHint or the clock. To remove all items, run "rangemesh retention confirm".',
  RETENTION_STUCK: 'Read the reason, then run "rangemesh retention".',
  PEER_BANNED:
    'Read its penalties in "rangemesh peers --wide". "rangemesh peers pardon" ends the ban.',
  BAN_SPARED: 'Read the penalties in "rangemesh peers --wide", and connect more peers.',
  NETWORK_OUTAGE: 'Check this machine and its link.',
  NO_COMMON_DIALECT: 'Set sync.dialect to auto on both nodes, or upgrade the older node.',
  DIAL_FAILED: 'Check that a node runs at this address.',
  PEER_REFUSED: 'Add the id of this node to the list of the peer.',
  PEER_FULL: 'Raise network.maxConnections at the peer.',
  OTHER_IDENTITY: 'Correct the peer id in the address.',
  SAME_IDENTITY: 'Stop one of the two nodes, and give it an identity of its own.',
  WRONG_PRE_SHARED_KEY: 'Compare the key files of both nodes.',
  PAUSED: 'Run "rangemesh resume" when replication may go on.',
};

/** Falls back to the log for a code of a later version. */
export function adviceFor(code: string): string {
  return ADVICE[code] ?? `Look for ${code} in docs/incidents.md and in the log of the daemon.`;
}

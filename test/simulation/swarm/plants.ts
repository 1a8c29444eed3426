/** A known bug that is brought back on purpose: the properties must notice it. */
export interface Plant {
  readonly name: string;
  readonly edits: readonly PlantEdit[];
}

/** `from` stands in the file exactly once. */
export interface PlantEdit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const PROTOCOL = 'src/protocol';
const STORE = 'src/store/replica';
const DAEMON = 'src/daemon';

function plant(name: string, file: string, from: string, to: string): Plant {
  return { name, edits: [{ file, from, to }] };
}

export const PLANTS: readonly Plant[] = [
  plant(
    'an id claimed twice',
    `${PROTOCOL}/reconciliation-set/listings.ts`,
    'if (passed !== undefined) {',
    'if (passed?.includes(listing.owner)) {',
  ),
  plant(
    'a claim not released',
    `${PROTOCOL}/reconciliation-set/reconciliation-set.ts`,
    'for (const [key] of claims) this.#listings.unclaim(key);',
    '',
  ),
  plant(
    'in sync claimed on a stale snapshot',
    `${DAEMON}/replicator/peers.ts`,
    'record.equalAt === version',
    'record.equalAt !== null',
  ),
  plant(
    'a batch visible before it is durable',
    `${STORE}/commit/committer.ts`,
    '      await batch.write();\n',
    '      void batch.write().catch(() => undefined);\n',
  ),
  plant(
    'a batch that is not synced',
    'src/store/level/database.ts',
    'const SYNCED: SyncedWriteOptions = { sync: true };',
    'const SYNCED = { sync: false } as unknown as SyncedWriteOptions;',
  ),
  plant(
    'a limit not checked',
    `${DAEMON}/replicator/fetching/claiming.ts`,
    'Math.min(batchItems, share, able)',
    'Math.min(Math.max(batchItems, share), able)',
  ),
  plant(
    'a pruned item offered',
    `${DAEMON}/retention/accepted-hints.ts`,
    'const lower = { hint: floor, id: null };',
    'const lower = { hint: 0n, id: null };',
  ),
  plant(
    'a gap in the feed',
    `${STORE}/read/arrival-reader.ts`,
    'for (let i = Math.max(0, since + 1 - first);',
    'for (let i = Math.max(first > since + 1 ? 1 : 0, since + 1 - first);',
  ),
  plant(
    'a symbol count off by one',
    `${PROTOCOL}/reconcile/dialects/native/groups/own-groups.ts`,
    'own.owed -= end - own.symbols;',
    'own.owed -= end - own.symbols - 1;',
  ),
  {
    name: 'a floor that sinks',
    edits: [
      {
        file: `${STORE}/durable-set/durable-set.ts`,
        from: 'return floor <= before ? null : this.',
        to: 'return this.',
      },
      {
        file: `${DAEMON}/retention/floor-keeper.ts`,
        from: 'if (floor <= replica.retention.floor) {',
        to: 'if (floor === replica.retention.floor) {',
      },
    ],
  },
  {
    name: 'a penalty twice',
    edits: [
      {
        file: `${DAEMON}/penalties/score.ts`,
        from: 'if (!fresh && weight <= this.#incident.weight) return false;',
        to: '',
      },
      {
        file: `${DAEMON}/penalties/score.ts`,
        from: 'fresh ? weight : weight - this.#incident.weight',
        to: 'weight',
      },
    ],
  },
  plant(
    'a lost wake-up',
    `${STORE}/recovery/set-lifecycle.ts`,
    "    if (outcome === 'unopened') this.#retryLater();\n    if (outcome === 'gone') throw refusal;",
    "    if (outcome === 'gone') throw refusal;",
  ),
  plant(
    'items taken without a proof',
    'src/store/item-id.ts',
    'if (equalBytes(verified, item.id)) return new VerifiedItem(item, HASHED);',
    'return new VerifiedItem(item, HASHED);',
  ),
  plant(
    'a cover that leaves out the ids just learnt',
    `${DAEMON}/replicator/scheduling/statements.ts`,
    'else known.learning.push(...ids.map(bytesToKey));',
    '',
  ),
  plant(
    'a slice resumed one item late',
    `${DAEMON}/replicator/catch-up/plan.ts`,
    'const range = { lower: end, upper: slice.upper, expected, held: 0 };',
    'const range = { lower: { hint: end.hint + 1n, id: null }, upper: slice.upper, expected, held: 0 };',
  ),
  plant(
    'a stream counted as whole where the store refused it',
    `${DAEMON}/replicator/fetching/streaming.ts`,
    'return { end: refused ? lower : report.end, outcome',
    'return { end: report.end, outcome',
  ),
  plant(
    'a ban that leaves no peer',
    `${DAEMON}/penalties/penalties.ts`,
    'if (others.length < minPeers) {',
    'if (others.length < 0) {',
  ),
];

import { parseBoundFlag, parseCount, parseTime } from '../flags.ts';
import type { VerbCommand } from '../verb-command.ts';

/** The verbs that say whether a node is in sync, and why it is not. */
export function addExplain(program: VerbCommand): void {
  program
    .clientVerb('synced')
    .wideOption()
    .description(
      'Says whether this node and its peers have the same items, yes or no, and why. Exit code 0: yes, 3: no.',
    )
    .option('--wait', 'wait until it is yes, by proofs that began after this call')
    .option('--timeout <time>', 'longest time of --wait, such as 60s (default: none)', parseTime)
    .option('--max-lag <time>', 'oldest proof that counts (default: 10s)', parseTime)
    .examples('rangemesh synced --max-lag 30s', 'rangemesh synced --wait --timeout 5m')
    .runs(async () => (await import('../explain/index.ts')).synced);
  program
    .clientVerb('diff')
    .wideOption()
    .description(
      'Names the keys that this node (<) or the peer (>) alone has; this node fetches nothing. Exit code 0: ' +
        'equal, 3: different, 4: the peer speaks no dialect that can tell.',
    )
    .argument('<peer-id>', 'a connected peer')
    .option('--from <hint>', 'first hint compared', parseBoundFlag)
    .option('--to <hint>', 'first hint not compared', parseBoundFlag)
    .option('--limit <count>', 'most keys of each side (default: 1000, at most 10000)', parseCount)
    .examples('rangemesh diff 12D3KooW...', 'rangemesh diff 12D3KooW... --from 1700000000000')
    .runs(async () => (await import('../explain/index.ts')).diff);
  program
    .clientVerb('sessions')
    .wideOption()
    .description('Shows the running sessions, and the last 200 that ended, the newest first.')
    .examples('rangemesh sessions', 'rangemesh sessions --json | jq .ended[0]')
    .runs(async () => (await import('../explain/index.ts')).sessions);
  program
    .clientVerb('wants')
    .wideOption()
    .description('Lists the items that peers have and this node waits for.')
    .option('--limit <count>', 'most items (default: all)', parseCount)
    .examples('rangemesh wants --limit 10', 'rangemesh wants --json | jq -r .id')
    .runs(async () => (await import('../explain/index.ts')).wants);
  program
    .clientVerb('events')
    .wideOption()
    .description('Prints what happens at the node, until it is stopped.')
    .option('--type <type...>', 'item, session, peer, want, incident or config (default: all)')
    .examples('rangemesh events', 'rangemesh events --type peer session --json')
    .runs(async () => (await import('../explain/index.ts')).events);
}

/** Below `peers`. */
export function addPeersShow(peers: VerbCommand): void {
  peers
    .clientVerb('show')
    .wideOption()
    .description('Shows all that is known of one peer, with its last sessions.')
    .argument('<peer-id>', 'peer id as "rangemesh peers" shows it')
    .runs(async () => (await import('../explain/index.ts')).showPeer);
}

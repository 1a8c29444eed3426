import { Argument } from 'commander';
import type { VerbCommand } from '../verb-command.ts';
import { addPeersShow } from './explain-verbs.ts';

/** `status`, `probe`, `peers` and `sync`. */
export function addMesh(program: VerbCommand): void {
  program
    .clientVerb('status')
    .wideOption()
    .description('Shows the set, its fingerprint, and how many peers have the same.')
    .watchOption()
    .examples('rangemesh status', 'rangemesh status --watch 5', 'rangemesh status --json | jq .set')
    .runs(async () => (await import('../mesh.ts')).status);
  program
    .clientVerb('probe')
    .description(
      'Asks the daemon whether it is live or ready, for health checks. Exit code 0: it is, 1: it says why ' +
        'not, 69: it does not answer.',
    )
    .addArgument(new Argument('<state>', 'what to ask for').choices(['live', 'ready']))
    .examples('rangemesh probe live --data-dir /data', 'rangemesh probe ready')
    .runs(async () => (await import('../mesh.ts')).probe);
  addPeers(program);
  program
    .clientVerb('sync')
    .description(
      'Runs a session with one peer or with all, waits for the end, and says whether the sets are ' +
        'equal. Exit code 3: they are not, or no peer is connected.',
    )
    .argument('[peer-id]', 'peer id (default: all connected peers)')
    .examples('rangemesh sync', 'rangemesh sync 12D3KooW...')
    .runs(async () => (await import('../mesh.ts')).sync);
}

/** `peers`, and the verbs below it. */
function addPeers(program: VerbCommand): void {
  const peers = program
    .clientVerb('peers')
    .description('Shows the peers, whether they are in sync, and their last sessions.')
    .wideOption()
    .examples(
      'rangemesh peers',
      'rangemesh peers add /ip4/192.0.2.7/tcp/9463',
      'rangemesh peers remove /ip4/192.0.2.7/tcp/9463',
      'rangemesh peers forget 12D3KooW...',
      'rangemesh peers pardon 12D3KooW...',
      'rangemesh peers show 12D3KooW...',
    )
    .runs(async () => (await import('../mesh.ts')).peers);
  peers
    .clientVerb('add')
    .description(
      'Dials a peer, and keeps its address among those to dial until the daemon ends, also when ' +
        'no node answers there yet.',
    )
    .argument('<address>', 'multiaddr such as /ip4/192.0.2.7/tcp/9463')
    .runs(async () => (await import('../mesh.ts')).addPeer);
  peers
    .clientVerb('remove')
    .description(
      'Dials an address no more. An open connection stays; an address of the configuration is back ' +
        'at the next start.',
    )
    .argument('<address>', 'multiaddr as "rangemesh peers" shows it')
    .runs(async () => (await import('../mesh.ts')).removePeer);
  peers
    .clientVerb('forget')
    .description(
      'Forgets a peer that is not connected and will not come back: its identity is gone for good.',
    )
    .argument('<peer-id>', 'peer id as "rangemesh peers" shows it')
    .runs(async () => (await import('../mesh.ts')).forgetPeer);
  peers
    .clientVerb('pardon')
    .description('Forgets the penalties of a peer and ends its ban, so that it may connect again.')
    .argument('<peer-id>', 'peer id as "rangemesh peers" shows it')
    .runs(async () => (await import('../mesh.ts')).pardonPeer);
  addPeersShow(peers);
}

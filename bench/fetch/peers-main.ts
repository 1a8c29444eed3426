import { type Behaviour, startFullPeer } from './full-peer.ts';

/**
 * Runs full peers, given as `behaviour=directory`, until the parent goes; says their addresses when
 * they listen.
 */
const peers = await Promise.all(
  process.argv.slice(2).map((argument) => {
    const at = argument.indexOf('=');
    return startFullPeer(argument.slice(at + 1), argument.slice(0, at) as Behaviour);
  }),
);
process.once('disconnect', () => process.exit(0));
process.send!(peers.map(({ address }) => address));

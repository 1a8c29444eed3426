import { connect } from 'node:net';
import type { Config } from '../../config/index.ts';
import { hostOf, parseListenAddress, parsePeerAddress } from '../../peer-address.ts';
import { type DoctorFinding, fail, ok, warn } from './finding.ts';

const CONNECT_MS = 5_000;

/** Opens a TCP connection to each address: whether a node answers there only the daemon can tell. */
export async function checkReach({ network }: Config, runs: boolean): Promise<DoctorFinding[]> {
  const announced = network.announce.map((address) =>
    checkAnnounced(address, parseListenAddress(address).toString(), runs),
  );
  // A running daemon dials these itself, and tells more.
  const dialled = runs ? [] : network.peers.map(checkPeer);
  return Promise.all([...announced, ...dialled]);
}

async function checkAnnounced(
  address: string,
  text: string,
  runs: boolean,
): Promise<DoctorFinding> {
  if (!runs) return ok('announced', `${address} can be checked while the daemon runs`);
  const reason = await refusal(text);
  if (reason === null) return ok('announced', `${address} takes connections`);
  const advice =
    'check port forwarding and firewall; behind some routers an own address can only be reached from outside';
  return warn('announced', `${address} cannot be reached from here: ${reason}`, advice);
}

async function checkPeer(address: string): Promise<DoctorFinding> {
  const reason = await refusal(parsePeerAddress(address).text);
  if (reason === null) return ok('peers', `${address} takes connections`);
  const advice = 'check that the node runs there, the address, and the firewalls between';
  return fail('peers', 'unavailable', `${address} cannot be reached: ${reason}`, advice);
}

/** Null if something takes connections at the multiaddr. */
function refusal(address: string): Promise<string | null> {
  const { multiaddr } = parsePeerAddress(address);
  const host = hostOf(multiaddr);
  const port = Number(multiaddr.getComponents().find(({ name }) => name === 'tcp')!.value);
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (reason: string | null): void => {
      socket.destroy();
      resolve(reason);
    };
    socket
      .setTimeout(CONNECT_MS, () => end('it does not answer'))
      .once('connect', () => end(null))
      .once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}

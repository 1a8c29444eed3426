import { protocolId } from '../protocol-id.ts';

/** Version at the end of the topic `/rangemesh/<network>/announce/1`. */
export const ANNOUNCE_VERSION = 1;

/** The topic on which a network's new items go out. Throws `INVALID_NETWORK_NAME`. */
export function announceTopic(networkName: string): string {
  return protocolId(networkName, 'announce', ANNOUNCE_VERSION);
}

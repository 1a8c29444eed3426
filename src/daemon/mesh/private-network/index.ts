/** Private networks: connections are enciphered under a pre-shared key, and a key may follow another. */

export { privateNetworkOf } from './private-network.ts';

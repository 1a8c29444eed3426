export { type Libp2pComponents, libp2pNetwork } from './libp2p.ts';
export { asLibp2pService } from './libp2p-service.ts';
export type * from './network.ts';

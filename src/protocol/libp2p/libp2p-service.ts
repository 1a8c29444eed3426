import { serviceCapabilities, serviceDependencies } from '@libp2p/interface';

/** Marks a service for libp2p: who speaks its protocol is learnt by identify. */
export function asLibp2pService<T extends object>(service: T, name: string): T {
  return Object.assign(service, {
    [Symbol.toStringTag]: name,
    [serviceCapabilities]: [name],
    [serviceDependencies]: ['@libp2p/identify'],
  });
}

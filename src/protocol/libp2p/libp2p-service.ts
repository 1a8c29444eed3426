import { serviceCapabilities, serviceDependencies } from '@libp2p/interface';

/** Marks a service for libp2p: identify tells which peers speak its protocol. */
export function asLibp2pService<T extends object>(service: T, name: string): T {
  return Object.assign(service, {
    [Symbol.toStringTag]: name,
    [serviceCapabilities]: [name],
    [serviceDependencies]: ['@libp2p/identify'],
  });
}

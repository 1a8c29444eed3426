import type { DaemonErrorCode } from '../errors.ts';

/** The whole configuration, checked and complete: paths absolute, sizes in bytes. */
export interface Config {
  node: {
    /** Where the database, the identity key and the admin token lie. */
    dataDir: string;
  };
  network: {
    /** Part of the protocol ids: nodes of differently named networks never mix. */
    name: string;
    /** Multiaddrs listened on. */
    listen: string[];
    /** Multiaddrs told to peers instead of those listened on; empty: tell those. */
    announce: string[];
    /** Multiaddrs dialled, and dialled again when the connection is lost. */
    peers: string[];
    /** Whether the other nodes are learnt of from those connected, and this one by them. */
    discovery: boolean;
    /** Connections sought among discovered nodes; up to twice as many are kept. */
    degree: number;
    mdns: boolean;
    maxConnections: number;
  };
  access: {
    mode: 'open' | 'list' | 'psk';
    /** Peer ids let in when the mode is `list`. */
    peers: string[];
    /** File with the pre-shared key when the mode is `psk`. */
    pskFile: string | null;
  };
  admin: {
    host: string;
    /** 0 takes any free port. */
    port: number;
    /** File with the bearer token; null: `admin.token` in the data directory. */
    tokenFile: string | null;
    /** Host names accepted in the Host header, besides loopback and the address bound. */
    allowedHosts: string[];
  };
  sync: {
    intervalMs: number;
    /** Shortest and longest interval that differences, and their absence, lead to. */
    intervalMinMs: number;
    intervalMaxMs: number;
    /** Part of the interval that chance adds or takes, 0 to 1. */
    jitter: number;
    /** Quiet time after local changes before peers are told by a session. */
    settleMs: number;
    /** Longest time that changes which never stop may put such a session off. */
    settleMaxMs: number;
    /** Time without a change after which sessions look whether what was pushed arrived. */
    silenceMs: number;
    /** Items a peer has more than this node from which on it catches up from several at once. */
    catchUpItems: number;
    /** Missing items that one peer lists at a time in a catch-up. */
    sliceItems: number;
    frameTimeoutMs: number;
    sessionTimeoutMs: number;
    maxSessions: number;
    /** What is spoken with peers; `auto`: native with those that can, commonware with the others. */
    dialect: 'auto' | 'native' | 'commonware';
    maxMessageBytes: number;
  };
  fetch: {
    batchItems: number;
    requestsPerPeer: number;
    windowBytes: number;
    stallTimeoutMs: number;
    /** How long one peer's word alone keeps an item wanted. */
    expireAfterMs: number;
  };
  push: {
    enabled: boolean;
    /** Between two batches of new items. */
    batchMs: number;
    /** Longest payload that is pushed itself; of longer ones the key is. */
    inlineBytes: number;
    /** Pushed at most; what comes faster is left to sessions. */
    maxBytesPerSecond: number;
  };
  limits: {
    maxItemBytes: number;
    /** 0: no limit. */
    maxSetBytes: number;
    minFreeBytes: number;
  };
  store: {
    /** Of the index, kept in memory. */
    cacheBytes: number;
    /** Keys gathered in memory before they are merged into the index on disk. */
    bufferItems: number;
  };
  scrub: {
    /** Items checked in the background each second; 0 turns it off. */
    itemsPerSecond: number;
    /** Damaged items within an hour at which that stops with an alarm. */
    maxDamagedPerHour: number;
  };
  log: {
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  };
}

/** One value given outside the file, such as `--set network.name=x`. */
export interface Setting {
  /** `section.key`. */
  readonly path: string;
  /** A list may be one string with commas, or several strings. */
  readonly value: string | readonly string[];
  /** What the operator typed, for messages: `--listen`, `RANGEMESH_NETWORK_LISTEN`. */
  readonly source: string;
}

/** One thing wrong with the configuration. */
export interface Problem {
  readonly code: DaemonErrorCode;
  readonly message: string;
}

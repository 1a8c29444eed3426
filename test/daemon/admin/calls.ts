import { encodeRecord, SPEAKERS } from '../../../src/daemon/bulk/index.ts';
import { StatusPage } from '../../../src/daemon/page/index.ts';
import { bytesToHex, hexToBytes, itemId } from '../../../src/store/index.ts';
import type { SendInit } from './running-admin.ts';

/** The item that is here when the calls are made, under hint 7. */
export const PAYLOAD: Uint8Array = new TextEncoder().encode('x');
const ID = bytesToHex(itemId(7n, PAYLOAD));
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf';
/** An address that the node dials by then. */
export const ADDRESS = '/ip4/192.0.2.1/tcp/1';

const NDJSON = 'application/x-ndjson';
const ITEMS = SPEAKERS.binary.mediaType;
const BYTES = 'application/octet-stream';
const EVENTS = 'text/event-stream';

const bytes = (type: string, body: Uint8Array): SendInit => ({
  body,
  headers: { 'content-type': type },
});
const accepting = (accept: string, init: SendInit = {}): SendInit => ({
  ...init,
  headers: { ...init.headers, accept },
  isEndless: accept === EVENTS,
});
const json = (body: object): SendInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
});

const { etag: PAGE_TAG } = await new StatusPage().form(false);

/** The path, and what goes with it. */
export type Call = readonly [path: string, init?: SendInit];

/** Calls of each operation, for each answer but refusals. */
export const CALLS: Readonly<Record<string, Readonly<Record<number, Call>>>> = {
  getLive: { 200: ['/livez'] },
  getReady: { 200: ['/readyz?from=a-monitor'] },
  getIdentity: { 200: [`/v1/identity/${'ab'.repeat(32)}`] },
  getStatus: { 200: ['/v1/status'] },
  listPeers: { 200: ['/v1/peers'] },
  addPeer: { 200: ['/v1/peers', json({ address: ADDRESS })] },
  removePeer: { 200: ['/v1/peers', json({ peerId: 'gone' })] },
  sync: { 200: ['/v1/sync', json({ peerId: 'other' })] },
  getSynced: { 200: ['/v1/synced?maxLagSeconds=30&wait=0s'] },
  diff: { 200: ['/v1/diff', json({ peerId: 'p', from: '1', to: '9' })] },
  listSessions: { 200: ['/v1/sessions'] },
  listWants: { 200: ['/v1/wants?limit=5'] },
  getPeer: { 200: ['/v1/peers/other'] },
  forgetPeer: { 200: ['/v1/peers/other'] },
  pardonPeer: { 200: ['/v1/peers/other/pardon'] },
  watchEvents: { 200: ['/v1/events'] },
  listItems: { 200: ['/v1/items?from=1&to=9&limit=1'] },
  putItem: {
    201: ['/v1/items?hint=8', { body: PAYLOAD }],
    200: ['/v1/items?hint=7', { body: PAYLOAD }],
  },
  getItem: {
    200: [`/v1/items/${ID.slice(0, 8)}`],
    304: [`/v1/items/${ID}`, { headers: { 'if-none-match': `"${ID}"` } }],
  },
  whyItem: { 200: [`/v1/items/${ID}/why`] },
  putItems: {
    200: [
      '/v1/items/batch',
      {
        body: '{"hint":7,"payload":"eA=="}\n{}\n',
        headers: { 'content-type': NDJSON },
      },
    ],
  },
  haveItems: { 200: ['/v1/items/have', json({ ids: [ID] })] },
  getItems: { 200: ['/v1/items/get', json({ ids: [ID, 'ab'.repeat(32)] })] },
  exportItems: { 200: ['/v1/export?from=1&to=9'] },
  refuse: { 200: ['/v1/refused', json({ ids: [ID], reason: 'spam' })] },
  unrefuse: { 200: ['/v1/refused', json({ ids: [ID] })] },
  listRefused: { 200: ['/v1/refused?limit=5'] },
  listChanges: { 200: ['/v1/changes?since=0&limit=2&payloads=true&wait=0s'] },
  verify: { 200: ['/v1/verify'] },
  getConfiguration: { 200: ['/v1/config'] },
  reload: { 200: ['/v1/config/reload'] },
  setLogLevel: { 200: ['/v1/config/log-level', json({ level: 'debug' })] },
  pause: { 200: ['/v1/pause', json({ peerId: PEER, keep: true })] },
  resume: { 200: ['/v1/resume'] },
  compact: { 200: ['/v1/compact'] },
  confirmRetention: { 200: ['/v1/retention/confirm'] },
  getOpenApi: { 200: ['/openapi.json'] },
  getMetrics: { 200: ['/metrics'] },
  getPage: { 200: ['/'], 304: ['/', { headers: { 'if-none-match': PAGE_TAG } }] },
};

/** Calls by the other media types that an operation answers with. */
export const ALSO_ANSWERED: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  diff: { [NDJSON]: ['/v1/diff', accepting(NDJSON, json({ peerId: 'p' }))] },
  compact: { [NDJSON]: ['/v1/compact', accepting(NDJSON)] },
  watchEvents: { [EVENTS]: ['/v1/events', accepting(EVENTS)] },
  listChanges: { [EVENTS]: ['/v1/changes', accepting(EVENTS)] },
  haveItems: { [BYTES]: ['/v1/items/have', bytes(BYTES, hexToBytes(ID))] },
  getItems: { [ITEMS]: ['/v1/items/get', accepting(ITEMS, json({ ids: [ID] }))] },
  exportItems: { [ITEMS]: ['/v1/export', accepting(ITEMS)] },
};

/** Calls by the media types of bodies that an operation reads as they come. */
export const STREAMED: Readonly<Record<string, Readonly<Record<string, Call>>>> = {
  putItems: {
    [NDJSON]: CALLS.putItems![200]!,
    [ITEMS]: ['/v1/items/batch', bytes(ITEMS, encodeRecord(7n, PAYLOAD))],
  },
  haveItems: {
    'application/json': CALLS.haveItems![200]!,
    [BYTES]: ALSO_ANSWERED.haveItems![BYTES]!,
  },
  getItems: {
    'application/json': CALLS.getItems![200]!,
    [BYTES]: ['/v1/items/get', bytes(BYTES, hexToBytes(ID))],
  },
};

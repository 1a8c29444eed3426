import { choice, file, instant, list, PEER, reloadable, type Section, section } from '../leaves.ts';

export interface AccessConfig {
  mode: 'open' | 'list' | 'psk';
  /** Peer ids let in when the mode is `list`. */
  peers: string[];
  /** Peer ids kept out in every mode. */
  deny: string[];
  /** File with the pre-shared key when the mode is `psk`. */
  pskFile: string | null;
  /** File with the key before it, which counts beside it. */
  pskFileOld: string | null;
  /** When the old key ceases to count, in ISO 8601. */
  pskOldUntil: string | null;
  /** Peer ids that get items, and whose own items are not taken. */
  read: string[];
  /** Peer ids whose items are taken, and that get nothing. */
  write: string[];
}

export const access: Section<AccessConfig> = section({
  mode: choice(['open', 'list', 'psk'], 'open').describe('Who may connect, and so write'),
  peers: reloadable(list(PEER, [])).describe('Peer ids let in when the mode is list'),
  deny: reloadable(list(PEER, [])).describe('Peer ids kept out in every mode'),
  read: reloadable(list(PEER, [])).describe(
    'Peer ids that may only read: their items are not taken',
  ),
  write: reloadable(list(PEER, [])).describe('Peer ids that may only write: they get no items'),
  pskFile: file().describe('File with the pre-shared key when the mode is psk'),
  pskFileOld: file().describe('File with the pre-shared key before it, which counts beside it'),
  pskOldUntil: instant().describe('When the old pre-shared key ceases to count'),
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { renderPage } from '../../../../../../scripts/native-sessions.ts';
import { generateVectors } from '../../../../../../scripts/native-vectors.ts';
import {
  decodeFrame,
  encodeRecord,
} from '../../../../../../src/protocol/reconcile/dialects/native/wire/index.ts';
import { concatBytes } from '../../../../../../src/store/index.ts';

interface Vectors {
  readonly sessions: readonly {
    readonly name: string;
    readonly frames: readonly { readonly from: string; readonly hex: string }[];
  }[];
}

const read = (path: string) =>
  readFileSync(new URL(`../../../../../../${path}`, import.meta.url), 'utf8');
const vectors: Vectors = JSON.parse(read('test/vectors/native.json'));

describe('test/vectors/native.json', () => {
  it('equals what the sources produce now: `npm run vectors` writes it', () => {
    assert.deepEqual(vectors, JSON.parse(JSON.stringify(generateVectors())));
  });
});

const framesOf = (name: string) => vectors.sessions.find((one) => one.name === name)!.frames;

describe('test/vectors/native-2.json', () => {
  it('equals what version 2 says now', () => {
    const before = JSON.parse(read('test/vectors/native-2.json'));
    assert.deepEqual(before, JSON.parse(JSON.stringify(generateVectors(2))));
  });
});

describe('docs/protocol-native.md', () => {
  it('shows five sessions, which decode to the text beside them', () => {
    const page = read('docs/protocol-native.md');
    const shown = [...page.matchAll(/^## Session: (.*)\n([\s\S]*?)(?=^##|$(?![\s\S]))/gm)].map(
      ([, name, text]) => ({ name, frames: framesIn(text!) }),
    );
    assert.equal(shown.length, 5);
    assert.equal(renderPage(page, framesOf), page, '`npm run vectors` writes it');
    for (const { name, frames } of shown) {
      assert.deepEqual(frames, framesOf(name!), name);
      for (const { hex } of frames) {
        const bytes = Uint8Array.from(Buffer.from(hex, 'hex'));
        const records = [...decodeFrame(bytes)].map((record) =>
          record.tag === 'open' ? record.bytes : encodeRecord(record).slice(),
        );
        assert.deepEqual(concatBytes(...records), bytes);
      }
    }
  });
});

/** The frames of a worked session: hex in indented lines, comments behind semicolons. */
function framesIn(text: string): { from: string; hex: string }[] {
  return [...text.matchAll(/^ {4}(initiator|responder)\n((?: {8}.*\n)+)/gm)].map(
    ([, from, lines]) => ({ from: from!, hex: lines!.replace(/;.*$/gm, '').replace(/\s/g, '') }),
  );
}

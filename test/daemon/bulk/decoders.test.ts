import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  BulkError,
  type BulkFormat,
  type BulkRecord,
  EXPORT_FORMAT,
  ExportReader,
  encodeRecord,
  formatOf,
  ItemTally,
  SPEAKERS,
} from '../../../src/daemon/bulk/index.ts';
import { batchItem } from '../../../src/daemon/schemas/index.ts';
import { bytesToHex, concatBytes, INFINITE_HINT, itemId } from '../../../src/store/index.ts';
import { assertProperty } from '../../support/property.ts';

const FORMATS: readonly BulkFormat[] = ['ndjson', 'binary'];
const MAX = 40;

/** The records of a stream that comes in pieces of these lengths, again and again. */
function decode(format: BulkFormat, bytes: Uint8Array, cuts: readonly number[]): BulkRecord[] {
  const decoder = SPEAKERS[format].decoder({ maxItemBytes: MAX });
  const records: BulkRecord[] = [];
  for (let at = 0, next = 0; at < bytes.length; next++) {
    const length = cuts[next % cuts.length]!;
    records.push(...decoder.push(bytes.slice(at, at + length)));
    at += length;
  }
  return [...records, ...decoder.end()];
}

const hints = fc.bigInt({ min: 0n, max: INFINITE_HINT - 1n });
const items = fc.array(
  fc.record({ hint: hints, payload: fc.uint8Array({ maxLength: MAX + 20 }) }),
  {
    maxLength: 12,
  },
);
const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 });

for (const format of FORMATS) {
  const speaker = SPEAKERS[format];
  const itemOf = ({ hint, payload }: { hint: bigint; payload: Uint8Array }) =>
    concatBytes(...speaker.item({ hint, payload, id: itemId(hint, payload) }));

  describe(`${format} decoder`, () => {
    it('reads each item and notice, and tells of each too long one, however the stream is cut', () => {
      assertProperty(
        fc.property(items, cuts, (given, lengths) => {
          const notice = { missing: 'ab'.repeat(32) };
          const bytes = concatBytes(...given.map(itemOf), speaker.notice(notice));
          const read = decode(format, bytes, lengths);
          const seen = read.map((record) => {
            if (record.kind === 'item')
              return [record.line, record.hint, bytesToHex(record.payload)];
            return [record.line, record.kind === 'fault' ? record.code : record.notice];
          });
          const expected = given.map(({ hint, payload }, at) =>
            payload.length > MAX ? [at + 1, 'ITEM_TOO_LARGE'] : [at + 1, hint, bytesToHex(payload)],
          );
          assert.deepEqual(seen, [...expected, [given.length + 1, notice]]);
        }),
      );
    });

    it('reads a long item that was written in pieces', () => {
      const payload = new Uint8Array(200_000).map((_, at) => at % 251);
      const decoder = speaker.decoder({ maxItemBytes: 200_000 });
      const pieces = [...speaker.item({ hint: 5n, payload, id: itemId(5n, payload) })];
      assert.ok(pieces.length > 3);
      const [found] = pieces.flatMap((piece) => decoder.push(piece));
      assert.ok(found?.kind === 'item' && Buffer.compare(found.payload, payload) === 0);
    });

    it('takes an item of the longest length, and no byte more', () => {
      const kinds = [MAX, MAX + 1].map((length) => {
        const bytes = itemOf({ hint: 1n, payload: new Uint8Array(length) });
        return decode(format, bytes, [7])[0]!.kind;
      });
      assert.deepEqual(kinds, ['item', 'fault']);
    });
  });

  describe(`an export in ${format}`, () => {
    const payloads = ['one', 'two', 'three'].map((text) => new TextEncoder().encode(text));
    const tally = new ItemTally();
    const parts = payloads.map((payload, at) => {
      const hint = BigInt(at);
      const id = itemId(hint, payload);
      tally.add(id, payload.length);
      return concatBytes(...speaker.item({ hint, id, payload }));
    });
    const header = { format: EXPORT_FORMAT, from: '0', to: '9', items: 3 } as const;
    const begin = speaker.notice({ header });
    const end = speaker.notice({ trailer: tally.total() });
    const read = (...chunks: Uint8Array[]) => {
      const reader = new ExportReader(speaker.decoder({ maxItemBytes: MAX }));
      const found = chunks.flatMap((chunk) => reader.push(chunk));
      return { found, ...reader.end(), header: reader.header };
    };
    const fails = (code: string, ...chunks: Uint8Array[]) =>
      assert.throws(
        () => read(...chunks),
        (error) => error instanceof BulkError && error.code === code,
      );

    it('is whole where count and fingerprint fit', () => {
      const { found, summary, header: told } = read(begin, ...parts, end);
      assert.deepEqual(
        found.map(({ payload }) => new TextDecoder().decode(payload)),
        ['one', 'two', 'three'],
      );
      assert.deepEqual([summary, told], [tally.total(), header]);
    });

    it('is cut without its trailer, wherever it ends', () => {
      const whole = concatBytes(begin, ...parts, end);
      for (let length = 0; length < whole.length - 1; length++) {
        fails('EXPORT_CUT', whole.subarray(0, length));
      }
    });

    it('is damaged where an item is missing, changed, or follows the trailer', () => {
      fails('EXPORT_DAMAGED', begin, ...parts.slice(1), end);
      fails(
        'EXPORT_DAMAGED',
        begin,
        itemOf({ hint: 7n, payload: payloads[0]! }),
        ...parts.slice(1),
        end,
      );
      fails('EXPORT_DAMAGED', begin, ...parts, end, parts[0]!);
    });

    it('has failed where the node says so', () => {
      const error = { code: 'STORE_CORRUPT', message: 'an item is damaged' };
      fails('EXPORT_FAILED', begin, ...parts, speaker.notice({ error }));
    });
  });
}

describe('lines that are no items', () => {
  const reasons = (...lines: string[]) =>
    decode('ndjson', new TextEncoder().encode(lines.join('\n')), [1_000]).map((record) =>
      record.kind === 'fault' ? `${record.line}: ${record.message}` : record.kind,
    );

  it('are told one by one, and the others are read', () => {
    const found = reasons(
      '{"payload":"YQ=="}',
      'x',
      '[]',
      '{"hint":1}',
      '{"hint":-1,"payload":""}',
      '{"hint":"18446744073709551615","payload":""}',
      '{"payload":"a"}',
      '{"payload":"","hints":1}',
      '{"payload":"","id":"ab"}',
      '',
      '{"hint":"18446744073709551614","payload":""}',
    );
    assert.deepEqual(
      found.map((line) => line.slice(0, 40)),
      [
        'item',
        '2: the line is no JSON object',
        '3: the line is no JSON object',
        '4: the line needs the field "payload", a',
        '5: the field "hint" must be a whole numb',
        '6: the field "hint" must be a whole numb',
        '7: the field "payload" is no base64',
        '8: the field "hints" is not known; known',
        '9: the field "id" has 64 hexadecimal dig',
        'item',
      ],
    );
  });
});

describe('binary records', () => {
  it('make no sense behind a record under the highest hint that is no notice', () => {
    for (const payload of ['x', '{"other":1}', ' '.repeat(5_000)]) {
      const bytes = encodeRecord(INFINITE_HINT, new TextEncoder().encode(payload));
      assert.throws(() => decode('binary', bytes, [3]), { code: 'STREAM_CUT' });
    }
  });
});

describe('the format of a stream', () => {
  it('follows from its media type, with parameters or in a list', () => {
    assert.equal(formatOf('application/x-ndjson; charset=utf-8'), 'ndjson');
    assert.equal(formatOf('text/html, Application/vnd.rangemesh.items'), 'binary');
    assert.equal(formatOf('application/json'), null);
    assert.equal(formatOf(undefined), null);
  });
});

describe('the schema of a line of a batch', () => {
  it('takes the lines that the decoder takes', () => {
    const id = 'ab'.repeat(32);
    for (const line of [
      ...[{ payload: '' }, { payload: 'eA==' }, { payload: 'eHg=' }, { payload: 'eHh4' }],
      ...[{ payload: 'e' }, { payload: 'eA=' }, { payload: 'eA===' }, { payload: 'e-==' }],
      ...[
        { payload: '', hint: '7' },
        { payload: '', hint: 7 },
        { payload: '', hint: 2 ** 53 - 1 },
      ],
      ...[
        { payload: '', hint: -1 },
        { payload: '', hint: 2 ** 53 },
        { payload: '', hint: '1.5' },
      ],
      ...[{ payload: '', hint: '0'.repeat(21) }, { payload: '', hint: null }, {}, { hint: '7' }],
      ...[
        { payload: '', hint: 7, id },
        { payload: '', hint: 7, id: 'ab' },
        { payload: '', a: 1 },
      ],
      ...[{ payload: 7 }, []],
    ]) {
      const text = JSON.stringify(line);
      const [record] = decode('ndjson', new TextEncoder().encode(text), [90]);
      assert.equal(batchItem.safeParse(line).success, record?.kind === 'item', text);
    }
  });
});

import { type Bound, ID_BYTES, type RangePage } from '../../../store/index.ts';

/**
 * Cuts a page into parts of so many keys, at least one. A page that lacks a record is one part: its digest will
 * not be the requester's in any case, and nothing says which id has no record.
 */
export function* partsOf(page: RangePage, items: number): Generator<RangePage> {
  const { ids, records, end } = page;
  const count = ids.length / ID_BYTES;
  const most = records.length === count ? items : count;
  let from = 0;
  do {
    const to = Math.min(count, from + most);
    yield {
      ids: ids.subarray(from * ID_BYTES, to * ID_BYTES),
      records: records.slice(from, to),
      end: to === count ? end : boundAt(page, to),
    };
    from = to;
  } while (from < count);
}

function boundAt({ ids, records }: RangePage, position: number): Bound {
  const at = position * ID_BYTES;
  return { hint: records[position]!.hint, id: ids.subarray(at, at + ID_BYTES) };
}

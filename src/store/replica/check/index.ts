/**
 * The consistency checker: says as data what is wrong about an item and what mends it. Verification,
 * scrub, quarantine and rebuild all ask here.
 */

export { checkItems, headOf, idRecordFault, isWhole, remedyFor } from './item-check.ts';
export {
  countRecords,
  type FoundItem,
  findItems,
  idRecordsOf,
} from './record-pages.ts';
export { treeFiles } from './tree-files.ts';

import { z } from 'zod';
import type { RetentionStatus } from '../../control-api.ts';
import { count, errorAnswer } from '../common.ts';
import { schemaOf } from '../define.ts';

const floor = z.string().nullable();

export const retentionStatus: z.ZodType<RetentionStatus> = schemaOf<RetentionStatus>(
  'RetentionStatus',
)(
  z.strictObject({
    floor: floor.describe('Items with lower hints are not accepted; null: all hints are'),
    goal: floor.describe('The floor that the configuration asks for at present; null: none'),
    removedItems: count.describe('Items removed since the start'),
    removedBytes: count.describe('Their payload bytes'),
    left: count.describe('Items below the floor that are still held'),
    running: z.boolean().describe('Items are being removed at this moment'),
    waits: errorAnswer
      .nullable()
      .describe('Why the floor does not rise; null: nothing holds it up'),
  }),
);

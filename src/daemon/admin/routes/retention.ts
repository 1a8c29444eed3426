import { retentionStatus } from '../../schemas/index.ts';
import { json, type Operation, operation } from '../operation.ts';

/** Retention in the hands of an operator. Its state is a part of `/v1/status`. */
export const retentionOperations: readonly Operation[] = [
  operation({
    id: 'confirmRetention',
    method: 'POST',
    path: '/v1/retention/confirm',
    tag: 'control',
    access: 'write',
    summary: 'Says that the clock of this machine is right',
    description:
      'After a jump of the clock nothing is removed until it is back. This call has the node believe the clock as it ' +
      'is. Without a jump it changes nothing.',
    answers: { 200: json(retentionStatus, 'Retention from now on') },
    errors: [],
    handle: (_call, { control }) => control.confirmRetention(),
  }),
];

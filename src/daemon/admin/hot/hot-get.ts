import type { Item } from '../../../store/index.ts';
import type { Node } from '../../node-api.ts';
import { LONG_BYTES } from '../payload-memory.ts';
import { LASTING } from '../routes/index.ts';
import { idText } from '../streaming.ts';
import { HotCall } from './hot-call.ts';

/** A get of an item, which the framework answers if it is long or not held. */
export class HotGet extends HotCall {
  run(node: Pick<Node, 'get'>, id: Uint8Array): void {
    this.request.giveBody(NO_BODY);
    node.get(id, { maxBytes: LONG_BYTES }).then(
      (item) => (item ? this.#found(item) : this.pass()),
      (error) => this.pass(error),
    );
  }

  #found({ hint, id, payload }: Item): void {
    const name = idText(id);
    this.answer({
      status: 200,
      head: `cache-control: ${LASTING}\r\n${TYPE}rangemesh-hint: ${hint}\r\netag: "${name}"\r\n`,
      body: payload,
    });
  }
}

const TYPE = 'content-type: application/octet-stream\r\n';
const NO_BODY = { chunk: () => undefined };

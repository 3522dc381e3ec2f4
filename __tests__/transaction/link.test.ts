import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ConnectionLost, type Host } from '../../src/ssh/connection.ts';
import { Link } from '../../src/transaction/link.ts';

/** A link whose first connection is lost before it is used, as it may be between two phases. */
class Lossy extends Link {
  connections = 0;

  override async host(): Promise<Host> {
    this.connections += 1;
    const forward = async () => {
      if (this.connections === 1) throw new ConnectionLost();
      return new PassThrough();
    };
    return { forward } as unknown as Host;
  }
}

it('looks through a new connection where the old one was lost meanwhile', async () => {
  const link = new Lossy({} as ConstructorParameters<typeof Link>[0]);
  expect(await link.forward('127.0.0.1', 8000)).toBeInstanceOf(PassThrough);
  expect(link.connections).toBe(2);
});

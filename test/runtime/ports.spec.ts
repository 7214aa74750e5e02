import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ephemeralPort, isPortFree, nextFreePort } from '../../runtime/ports.js';

describe('ports', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))));
  });

  async function occupy(port: number): Promise<void> {
    const server = createServer().listen(port, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
  }

  it('takes the next one when the wanted one is in use', async () => {
    const wanted = await ephemeralPort();
    await occupy(wanted);
    expect(await isPortFree(wanted)).toBe(false);
    expect(await nextFreePort(wanted)).toBeGreaterThan(wanted);
  });

  it('does not promise the same port twice', async () => {
    const wanted = await ephemeralPort();
    expect(await nextFreePort(wanted, [wanted])).toBeGreaterThan(wanted);
  });
});

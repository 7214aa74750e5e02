import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../runtime/logger.js';

function loggedLines(write: (log: ReturnType<typeof createLogger>) => void, logLevel = 'info'): string[] {
  const lines: string[] = [];
  write(createLogger({ logLevel }, { process: 'worker' }, { write: (line) => lines.push(line) }));
  return lines;
}

describe('createLogger', () => {
  it('writes one JSON object per line with the fields of the process', () => {
    const [line = ''] = loggedLines((log) => log.info({ run: 'r1' }, 'run opened'));
    expect(JSON.parse(line)).toMatchObject({ level: 'info', process: 'worker', run: 'r1', msg: 'run opened' });
  });

  it('leaves out what is below the level', () => {
    expect(loggedLines((log) => log.info('quiet'), 'warn')).toEqual([]);
  });

  it.each([
    ['a field', { password: 'hunter2' }],
    ['a nested field', { properties: { clientSecret: 'hunter2' } }],
    ['a field two levels down', { request: { headers: { authorization: 'hunter2' } } }],
    ['an address', { url: 'postgres://muster:hunter2@db/muster' }],
    ['a bearer token', { header: 'Bearer hunter2hunter2' }],
    ['an error', { err: new Error('cannot connect to postgres://muster:hunter2@db/muster') }],
  ])('masks a secret in %s', (_where, fields) => {
    const [line = ''] = loggedLines((log) => log.info(fields, 'message'));
    expect(line).toContain('***');
    expect(line).not.toContain('hunter2');
  });

  it('does not hold a process whose reader is gone', async () => {
    const program = `
      import { createLogger } from './dist/runtime/logger.js';
      const log = createLogger({ logLevel: 'info' }, {});
      process.on('SIGTERM', () => {
        log.warn('x'.repeat(10_000));
        log.fatal('the end');
        setTimeout(() => process.exit(3), 100);
      });
      setInterval(() => undefined, 1000);
      log.info('started');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const guard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    const end = await exited;
    clearTimeout(guard);
    expect(end).toEqual([3, null]);
  });
});

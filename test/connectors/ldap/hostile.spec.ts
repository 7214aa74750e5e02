import { performance } from 'node:perf_hooks';
import { describe, expect, it, jest } from '@jest/globals';
import { errorOf, idsOf, readAll } from '../support/scim.js';
import { stubbedDirectories, stubbedUser } from '../support/stubbed-directories.js';

describe('servers that lie, break off or hang', () => {
  const { start, last } = stubbedDirectories();

  it('CONN-LDAP-23: a page without entries that has a cookie is not the end', async () => {
    const pages = [
      { entries: [stubbedUser('a')], cookie: '1' },
      { entries: [], cookie: '2' },
      { entries: [stubbedUser('b')], cookie: '' },
    ];
    const connector = await start(({ no }) => pages[no] ?? { code: 53 });
    const read = await readAll(connector, { type: 'user' });
    expect(read.map((page) => idsOf([page]))).toEqual([['a'], [], ['b']]);
  });

  it('CONN-LDAP-96: a connection that has rested for ten minutes is opened anew before it is used', async () => {
    const connector = await start(() => ({ entries: [stubbedUser('a')] }));
    const binds = (): number => last()?.binds() ?? 0;
    const read = async (): Promise<number> => {
      await connector.readOne('user', 'a', {});
      return binds();
    };
    const now = jest.spyOn(performance, 'now');
    try {
      expect([await read(), await read()]).toEqual([1, 1]);
      const base = performance.now();
      now.mockReturnValue(base + 590_000);
      expect(await read()).toBe(1);
      now.mockReturnValue(base + 590_000 + 600_001);
      expect(await read()).toBe(2);
    } finally {
      now.mockRestore();
    }
  });

  it('CONN-LDAP-21: a server that takes no notice of paging is read as one stream, in pages', async () => {
    const connector = await start(() => ({ entries: ['a', 'b', 'c'].map(stubbedUser) }), { 'ldap.page.size': '2' });
    expect((await readAll(connector, { type: 'user' })).map((page) => idsOf([page]))).toEqual([['a', 'b'], ['c']]);
  });

  it('CONN-LDAP-15: references are passed over, or fail the read; a referral as result is fatal and is not followed', async () => {
    const references = ['ldap://elsewhere.example/dc=example'];
    const connector = await start(() => ({ entries: [stubbedUser('a')], references }));
    expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual(['a']);
    const strict = await start(() => ({ entries: [stubbedUser('a')], references }), { 'ldap.referrals': 'fail' });
    expect(await errorOf(readAll(strict, { type: 'user' }))).toMatchObject({ kind: 'fatal' });
    const referring = await start(() => ({ code: 10 }));
    expect(await errorOf(readAll(referring, { type: 'user' }))).toMatchObject({ kind: 'fatal', status: 10 });
  });

  it.each([4, 11])(
    'CONN-LDAP-22: result %i on the first page halves the page down to 10, then it is too large',
    async (code) => {
      let searches = 0;
      const connector = await start(() => (++searches < 4 ? { code } : { entries: [stubbedUser('a')], cookie: '' }));
      expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual(['a']);
      const never = await start(() => ({ code }));
      expect(await errorOf(readAll(never, { type: 'user' }))).toMatchObject({ kind: 'tooLarge', scope: 'page' });
    },
  );

  it('CONN-LDAP-22, CONN-CORE-21: a limit between two pages fails the page; nothing passes for the end', async () => {
    const connector = await start(({ no }) => (no === 0 ? { entries: [stubbedUser('a')], cookie: '1' } : { code: 4 }));
    expect(await errorOf(readAll(connector, { type: 'user' }))).toMatchObject({ kind: 'tooLarge', scope: 'page' });
  });

  it.each([
    [3, 'timeout'],
    [51, 'transient'],
    [52, 'transient'],
    [80, 'transient'],
    [50, 'forbidden'],
    [13, 'fatal'],
    [32, 'notFound'],
    [1, 'protocol'],
    [53, 'invalid'],
    [200, 'invalid'],
  ])('specification §8: result %i is %s', async (code, kind) => {
    const connector = await start(() => ({ code, diagnostic: 'uid=jane,ou=people,dc=example is the reason' }));
    const error = await errorOf(readAll(connector, { type: 'user' }));
    expect(error).toMatchObject({ kind, outcome: 'not-applied' });
    // CONN-LDAP-90
    expect(error.adminMessage).not.toContain('jane');
  });

  it.each([
    ['525', 'unknown user'],
    ['52e', 'wrong password'],
    ['533', 'disabled'],
    ['775', 'locked'],
  ])('specification §8: the code %s of a refused bind is told in words', async (code, text) => {
    const connector = await start(() => ({
      code: 49,
      diagnostic: `80090308: LdapErr: DSID-0C0903A9, data ${code}, v1db1`,
    }));
    const error = await errorOf(readAll(connector, { type: 'user' }));
    expect(error).toMatchObject({ kind: 'auth', scope: 'system', vendorCode: code });
    expect(error.safeMessage).toContain(text);
  });

  it('CONN-LDAP-01, CONN-TCK-21: a server that never answers is a timeout at the configured limit', async () => {
    const connector = await start(() => undefined);
    const started = Date.now();
    expect(await errorOf(readAll(connector, { type: 'user' }))).toMatchObject({ kind: 'timeout', scope: 'system' });
    expect(Date.now() - started).toBeLessThan(3_000);
  });

  it('CONN-TCK-22: what is no LDAP is protocol, at once, and the connection is given up', async () => {
    const connector = await start(({ no }) =>
      no === 0 ? Buffer.from('HTTP/1.1 400 Bad Request\r\n'.repeat(20)) : { entries: [stubbedUser('a')] },
    );
    expect((await errorOf(readAll(connector, { type: 'user' }))).kind).toBe('protocol');
    expect(idsOf(await readAll(connector, { type: 'user' }))).toEqual(['a']);
  });

  it('CONN-TCK-22: an answer that breaks off is a lost connection, not an end', async () => {
    const connector = await start(({ socket }) => {
      socket.end(Buffer.from('3084000000ff0201', 'hex'));
      return undefined;
    });
    expect(await errorOf(readAll(connector, { type: 'user' }))).toMatchObject({ kind: 'transient', scope: 'system' });
  });

  it('CONN-LDAP-13, CONN-CORE-53: a write whose connection breaks has an unknown outcome and is not sent again', async () => {
    let writes = 0;
    const connector = await start(({ no, socket }) => {
      // The second search is the look-up of the entry that is to be changed.
      if (no > 0) socket.once('data', () => socket.destroy());
      return { entries: [stubbedUser('a')], cookie: '' };
    });
    await readAll(connector, { type: 'user' });
    const call = connector.update(
      'user',
      'a',
      { mode: 'patch', body: { uid: 'a', sn: 'New' } },
      { beforeWrite: () => void writes++ },
    );
    expect(await errorOf(call)).toMatchObject({ kind: 'transient', outcome: 'unknown' });
    expect(writes).toBe(1);
  });

  it('CONN-TCK-20: a read that is stopped while the server is silent ends at once', async () => {
    const controller = new AbortController();
    const connector = await start(() => {
      controller.abort();
      return undefined;
    });
    const error = await errorOf(readAll(connector, { type: 'user', signal: controller.signal }));
    expect(error.kind).toBe('cancelled');
  });

  it.each(['ldap://169.254.169.254', 'ldap://[fe80::1]'])(
    'an address like %s is refused without a connection',
    async (url) => {
      const connector = await start(() => undefined, { 'ldap.url': url });
      expect(await errorOf(readAll(connector, { type: 'user' }))).toMatchObject({ kind: 'fatal', scope: 'system' });
    },
  );

  it('CONN-TCK-23: neither the password nor values stand in errors, logs and positions', async () => {
    const connector = await start(({ no }) =>
      no === 0
        ? { entries: [stubbedUser('jane.doe')], cookie: 'x' }
        : { code: 80, diagnostic: "entry 'jane.doe' failed" },
    );
    const first = await connector.readPage({ type: 'user', mode: 'full', cursor: null });
    const error = await errorOf(connector.readPage({ type: 'user', mode: 'full', cursor: first.next }));
    const told = JSON.stringify([first.next, error.safeMessage, error.adminMessage]);
    expect(told).not.toMatch(/secret|jane/);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Connector, Page } from '../../../connectors/contract.js';
import { errorOf, idsOf, readAll } from '../support/scim.js';
import { stubbedDirectories, stubbedUser } from '../support/stubbed-directories.js';

describe('pages of one connection', () => {
  const { start } = stubbedDirectories();
  const first = (connector: Connector, signal?: AbortSignal): Promise<Page> =>
    connector.readPage({ type: 'user', cursor: null, mode: 'full', ...(signal && { signal }) });
  const behind = (connector: Connector, { next: cursor }: Page, signal?: AbortSignal): Promise<Page> =>
    connector.readPage({ type: 'user', cursor, mode: 'full', ...(signal && { signal }) });

  it('CONN-LDAP-13: the next page is asked for as soon as one has come, and no further one before it is taken', async () => {
    const asked: number[] = [];
    let arrived = (_no: number): void => undefined;
    const connector = await start(({ no }) => {
      asked.push(no);
      arrived(no);
      return { entries: [stubbedUser(`u${no}`)], cookie: no < 3 ? String(no + 1) : '' };
    });
    const second = new Promise<void>((resolve) => (arrived = (no) => no === 1 && resolve()));
    const page = await first(connector);
    await second;
    expect(asked).toEqual([0, 1]);
    expect(idsOf([page, await behind(connector, page)])).toEqual(['u0', 'u1']);
    expect(asked.length).toBeLessThanOrEqual(3);
  });

  it('CONN-LDAP-22: a page that was halved stays so for what is asked for ahead', async () => {
    const sizes: number[] = [];
    const connector = await start(
      ({ no, pageSize }) => {
        sizes.push(pageSize);
        if (pageSize > 25) return { code: 4 };
        return { entries: [stubbedUser(`u${no}`)], cookie: sizes.length < 5 ? 'more' : '' };
      },
      { 'ldap.page.size': '100' },
    );
    expect(idsOf(await readAll(connector, { type: 'user' }))).toHaveLength(3);
    expect(sizes).toEqual([100, 50, 25, 25, 25]);
  });

  it('CONN-CORE-21: what fails ahead is told to whoever asks for it, and to nobody when nobody does', async () => {
    const connector = await start(({ no }) => (no === 0 ? { entries: [stubbedUser('a')], cookie: '1' } : { code: 51 }));
    const page = await first(connector);
    expect(await errorOf(behind(connector, page))).toMatchObject({ kind: 'transient' });
    // A new read gives up the page that the one before it has asked for.
    const again = await start(({ no }) => ({ entries: [stubbedUser(`u${no}`)], cookie: 'more' }));
    await first(again);
    await first(again);
  });

  it('CONN-LDAP-20: a server that sends more than was asked for is given in pages, its bytes counted once', async () => {
    const connector = await start(
      ({ no }) => ({ entries: [`a${no}`, `b${no}`, `c${no}`].map(stubbedUser), cookie: no === 0 ? '1' : '' }),
      { 'ldap.page.size': '2' },
    );
    const pages = await readAll(connector, { type: 'user' });
    expect(pages.map((page) => idsOf([page]))).toEqual([['a0', 'b0'], ['c0'], ['a1', 'b1'], ['c1']]);
    expect(pages.map(({ sizeBytes = 0 }) => sizeBytes > 0)).toEqual([true, false, true, false]);
  });

  it('CONN-TCK-20: whoever has gone gets no page that came ahead, and the read is over', async () => {
    const connector = await start(({ no }) => ({ entries: [stubbedUser(`u${no}`)], cookie: 'more' }));
    const page = await first(connector);
    expect(await errorOf(behind(connector, page, AbortSignal.abort()))).toMatchObject({ kind: 'cancelled' });
    expect(await errorOf(behind(connector, page))).toMatchObject({ kind: 'precondition' });
  });

  it('CONN-TCK-20: that the caller of an earlier page has gone ends nothing', async () => {
    const controller = new AbortController();
    const connector = await start(({ no }) => ({ entries: [stubbedUser(`u${no}`)], cookie: no < 2 ? 'more' : '' }));
    const page = await first(connector, controller.signal);
    controller.abort();
    expect(idsOf([await behind(connector, page)])).toEqual(['u1']);
  });
});

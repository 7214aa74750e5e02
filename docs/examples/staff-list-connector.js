/**
 * A connector for an invented web service, "Staff List", written against the contract of docs/connectors.md:
 *
 *   GET    /people?after=<id>&limit=<n>  → { "people": [ { "id": "7", "login": "…", "name": "…", "phone": "…" } ], "more": true }
 *   GET    /people?login=<login>         → the same, with one person at most
 *   GET    /people/<id>                  → one person, or 404
 *   POST   /people                       → 201 and the person, or 409 when the login is taken
 *   PUT    /people/<id>                  → the person as it is now
 *   DELETE /people/<id>                  → 204, or 404
 *
 * Muster hands in what a connector needs of it. Nothing is imported from Muster, so a package works with any version whose contract it meets.
 *
 * @param {{ ConnectorError: new (fields: object) => Error }} sdk
 */
export default function staffListConnector({ ConnectorError }) {
  const TYPE_NAME = 'Staff List';
  const LIMIT_MS = 60_000;

  /** Everything that goes wrong becomes one of the kinds of the contract: the engine decides by kind, scope and outcome, never by text. */
  function failure(kind, safeMessage, more = {}) {
    return new ConnectorError({ kind, scope: 'entity', outcome: 'not-applied', safeMessage, ...more });
  }

  /** What a status means. The message names operation and status, no values and no secrets (CONN-CORE-76). */
  function statusFailure(label, response, isWrite) {
    const { status } = response;
    const safeMessage = `${label}: status ${status}`;
    const retryAfterMs = retryAfter(response.headers.get('retry-after'));
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    if (status === 401) return failure('auth', safeMessage, { scope: 'system', status });
    if (status === 403) return failure('forbidden', safeMessage, { status });
    if (status === 404) return failure('notFound', safeMessage, { status });
    if (status === 409) return failure('conflict', safeMessage, { status });
    if (status === 429) return failure('throttled', safeMessage, { scope: 'system', status, ...wait });
    if (status === 503 && retryAfterMs !== undefined)
      return failure('throttled', safeMessage, { scope: 'system', status, ...wait });
    if (status >= 502 && status <= 504)
      return failure('badGateway', safeMessage, { status, outcome: unknownIf(isWrite) });
    if (status >= 500) return failure('transient', safeMessage, { status, outcome: unknownIf(isWrite) });
    return failure('invalid', safeMessage, { status });
  }

  /** A write that may have arrived must never be repeated blindly (CONN-CORE-53). */
  function unknownIf(isWrite) {
    return isWrite ? 'unknown' : 'not-applied';
  }

  /** Seconds or a date, ten minutes at most (CONN-CORE-72). */
  function retryAfter(header) {
    if (header === null) return undefined;
    const seconds = /^\d{1,15}$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
    return Number.isNaN(seconds) || seconds < 0 ? undefined : Math.min(seconds * 1000, 600_000);
  }

  class StaffList {
    constructor({ config, limits }) {
      this.base = config.properties['URL'].replace(/\/+$/, '');
      this.pageSize = Number(config.properties['staff.page.size'] ?? 100);
      this.token = config.secret('Password');
      this.limitMs = limits?.requestTimeoutMs ?? LIMIT_MS;
    }

    async request(label, method, path, { body, signal, beforeWrite } = {}) {
      const isWrite = method !== 'GET';
      if (signal?.aborted) throw failure('cancelled', `${label}: stopped`, { scope: 'system' });
      // The engine's lease may have ended: what this throws must go through unchanged.
      if (isWrite) beforeWrite?.();
      const limit = AbortSignal.timeout(this.limitMs);
      let response, text;
      try {
        response = await fetch(this.base + path, {
          method,
          headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
        });
        text = await response.text();
      } catch {
        const outcome = unknownIf(isWrite);
        if (signal?.aborted) throw failure('cancelled', `${label}: stopped`, { scope: 'system', outcome });
        if (limit.aborted) throw failure('timeout', `${label}: no answer`, { scope: 'system', outcome });
        throw failure('transient', `${label}: the connection failed`, { scope: 'system', outcome });
      }
      if (!response.ok) throw statusFailure(label, response, isWrite);
      if (text === '') return {};
      try {
        return JSON.parse(text);
      } catch {
        // Never an empty list: a login page with status 200 would empty every target.
        throw failure('protocol', `${label}: the answer is no JSON`, { scope: 'page', outcome: unknownIf(isWrite) });
      }
    }

    /** The position is the last identifier read: it holds whoever joins or leaves meanwhile, and any process can go on from it. */
    async readPage({ type, cursor, pageSizeEntities = this.pageSize, signal }) {
      onlyPeople(type);
      const after = cursor === null ? '' : `&after=${encodeURIComponent(cursor.after)}`;
      const page = await this.request('list people', 'GET', `/people?limit=${pageSizeEntities}${after}`, { signal });
      if (!Array.isArray(page.people))
        throw failure('protocol', 'list people: the answer is no list', { scope: 'page' });
      const good = page.people.filter(({ id }) => typeof id === 'string');
      const failures = page.people
        .filter(({ id }) => typeof id !== 'string')
        .map(() => ({ message: 'person without id' }));
      const last = good.at(-1);
      return {
        items: good.map(entityOf),
        failures,
        tombstones: [],
        next: page.more && last !== undefined ? { v: 1, after: last.id } : null,
        // There are no deltas, so the mark says nothing; the end of a read has one all the same.
        ...(page.more ? {} : { watermark: { v: 1 } }),
      };
    }

    async readOne(type, id, { signal }) {
      onlyPeople(type);
      try {
        return entityOf(await this.request('read person', 'GET', pathOf(id), { signal }));
      } catch (error) {
        if (error.kind === 'notFound') return null;
        throw error;
      }
    }

    async create(type, body, options) {
      onlyPeople(type);
      const made = await this.request('create person', 'POST', '/people', { body, ...options });
      return { id: made.id, applied: 'created' };
    }

    async update(type, id, { body }, options) {
      onlyPeople(type);
      await this.request('update person', 'PUT', pathOf(id), { body, ...options });
      return { id, applied: 'updated' };
    }

    /** Who is gone already is no failure (CONN-CORE-54). */
    async delete(type, id, options) {
      onlyPeople(type);
      try {
        await this.request('delete person', 'DELETE', pathOf(id), options);
        return { id, applied: 'deleted' };
      } catch (error) {
        if (error.kind === 'notFound') return { id, applied: 'already-absent' };
        throw error;
      }
    }

    async resolveExisting(type, body, keys, { signal }) {
      onlyPeople(type);
      if (keys.some((key) => key !== 'login'))
        throw failure('unsupported', 'find person: only login can be looked for');
      if (typeof body.login !== 'string' || body.login === '') return { outcome: 'none' };
      const page = await this.request('find person', 'GET', `/people?login=${encodeURIComponent(body.login)}`, {
        signal,
      });
      // Compared once more: a service that ignores the parameter must not make us adopt a stranger.
      const found = page.people.filter(({ login }) => login === body.login);
      return found.length === 1 ? { outcome: 'one', entity: entityOf(found[0]) } : { outcome: 'none' };
    }

    async testConnection({ signal }) {
      const name = 'Connect, authenticate and list people';
      try {
        await this.request('list people', 'GET', '/people?limit=1', { signal });
        return { ok: true, checks: [{ name, ok: true, message: 'answered' }] };
      } catch (error) {
        return { ok: false, checks: [{ name, ok: false, message: error.message }] };
      }
    }
  }

  /** Refused without traffic, as the capabilities say (CONN-CORE-11). */
  function onlyPeople(type) {
    if (type !== 'user')
      throw failure('unsupported', `there are no entities of type ${type} here`, { scope: 'system' });
  }

  function entityOf(person) {
    return { type: 'user', id: person.id, body: person };
  }

  /** An identifier that is a step of a path would address something else. */
  function pathOf(id) {
    if (id === '' || id === '.' || id === '..') throw failure('invalid', 'the identifier is empty or a path step');
    return `/people/${encodeURIComponent(id)}`;
  }

  return {
    descriptor: {
      typeName: TYPE_NAME,
      roles: ['source', 'target'],
      prefix: 'staff',
      properties: [
        {
          name: 'URL',
          label: 'URL',
          kind: 'url',
          roles: ['source', 'target'],
          required: true,
          description: 'Base address.',
        },
        { name: 'Password', label: 'Token', kind: 'secret', roles: ['source', 'target'], description: 'Access token.' },
        {
          name: 'staff.page.size',
          label: 'Page size',
          kind: 'integer',
          roles: ['source'],
          min: 1,
          max: 1000,
          defaultValue: '100',
          description: 'People asked for in one request.',
        },
      ],
      defaultTransformations: {},
    },
    validate: () => [],
    capabilities: () => ({
      types: ['user'],
      cursorResume: 'always',
      paging: 'cursor',
      stableOrder: true,
      readOne: true,
      delta: 'none',
      deltaTypes: [],
      updateMode: 'replace',
      conflictResolution: true,
      maxConcurrentWrites: 4,
      requestTimeoutMs: LIMIT_MS,
    }),
    samples: {
      user: {
        body: { login: '${mark}-${n}', name: 'Person ${n}' },
        name: '/login',
        text: '/name',
        optional: '/phone',
      },
      pageSizeProperty: 'staff.page.size',
      addressProperty: 'URL',
    },
    open: (context) => {
      const list = new StaffList(context);
      return {
        testConnection: (options) => list.testConnection(options),
        readPage: (request) => list.readPage(request),
        readOne: (type, id, options) => list.readOne(type, id, options),
        create: (type, body, options) => list.create(type, body, options),
        update: (type, id, change, options) => list.update(type, id, change, options),
        delete: (type, id, options) => list.delete(type, id, options),
        resolveExisting: (type, body, keys, options) => list.resolveExisting(type, body, keys, options),
        uniqueKeys: () => ['login'],
        close: async () => undefined,
      };
    },
  };
}

import type { JsonObject } from '../../../core/json.js';
import { isConnectorError } from '../../errors.js';
import type { Connector } from '../../contract.js';
import { AWKWARD, createAwkward } from '../awkward.js';
import { NEEDS, modes, usualMode, type Check } from '../check.js';
import { valueAt, withValueAt } from '../json-pointer.js';
import { idsOf, must, type Trial } from '../trial.js';

export const WRITING: readonly Check[] = [
  {
    id: 'create',
    rules: ['CONN-SCIM-50', 'CONN-CORE-56'],
    title: 'a created entity is said to be new, and its id finds it with what was written',
    needs: [NEEDS.writing],
    async run(trial) {
      const body = trial.body(1);
      const result = await trial.connector.create('user', body, {});
      trial.track('user', result.id);
      must(result.applied === 'created', `the creation of a new entity is called "${result.applied}"`);
      await mustHold(trial, result.id, body, [trial.user.name, trial.user.text]);
    },
  },
  {
    id: 'conflict-then-found',
    rules: ['CONN-TCK-09', 'CONN-CORE-50'],
    title: 'the same body twice is a conflict, the unique key finds the one that exists, and there is only one',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id, body } = await trial.make(1);
      const error = await trial.errorOf(
        trial.connector.create('user', body, {}).then((result) => trial.track('user', result.id)),
        'creating twice',
      );
      must(error.kind === 'conflict', `creating twice is ${error.kind}, not conflict`);
      must(error.outcome === 'not-applied', 'the outcome of a conflict must be not-applied');
      const keys = trial.connector.uniqueKeys('user');
      const found = await trial.connector.resolveExisting('user', body, keys, {});
      must(found.outcome === 'one', `the existing entity is looked for by ${keys.join(', ')}: ${found.outcome}`);
      must(found.entity.id === id, 'another entity is found');
      const changed = withValueAt(body, trial.user.text, 'Adopted');
      const mode = usualMode(trial.system, trial.capabilities);
      await update(trial, openFor(trial, mode), id, mode, changed, body);
      const read = idsOf(await trial.readAll(trial.open({ properties: trial.listing('user') }), { type: 'user' }));
      must(read.filter((other) => other === id).length === 1, 'there is not exactly one entity');
    },
  },
  {
    id: 'ambiguous-key',
    rules: ['CONN-TCK-11', 'CONN-CORE-50'],
    title:
      'two entities of the same key are "many" with both identifiers, or the question is refused; nobody is chosen',
    needs: [NEEDS.writing, NEEDS.sharedKey],
    async run(trial) {
      const { text, textKey = '' } = trial.user;
      const shared = `${trial.mark}shared`;
      const [a, b] = [withValueAt(trial.body(1), text, shared), withValueAt(trial.body(2), text, shared)];
      const ids = [(await trial.make(1, a)).id, (await trial.make(2, b)).id].sort();
      let found;
      try {
        found = await trial.connector.resolveExisting('user', a, [textKey], {});
      } catch (error) {
        // Who cannot look for it must say so: "none" would let somebody be created twice.
        must(
          isConnectorError(error) && error.kind === 'unsupported',
          'the look-up fails in another way than unsupported',
        );
        return;
      }
      must(found.outcome === 'many', `two entities of one key are "${found.outcome}"`);
      must([...found.ids].sort().join() === ids.join(), 'the identifiers of "many" are not those of the two');
    },
  },
  {
    id: 'nothing-found',
    rules: ['CNF-2', 'CNF-8'],
    title: 'no match and no value to look for are both "none"',
    needs: [NEEDS.writing],
    async run(trial) {
      const keys = trial.connector.uniqueKeys('user');
      const none = await trial.connector.resolveExisting('user', trial.body(99), keys, {});
      must(none.outcome === 'none', `nobody is looked for: ${none.outcome}`);
      const empty = await trial.connector.resolveExisting('user', {}, keys, {});
      must(empty.outcome === 'none', `a body without key: ${empty.outcome}`);
    },
  },
  ...(['replace', 'patch'] as const).map((mode): Check => ({
    id: `update-${mode}`,
    rules: ['WRT-2', 'CONN-CORE-54', 'CONN-CORE-55'],
    title: `an update by ${mode} arrives, may be repeated, and leaves the rest`,
    needs: [NEEDS.writing, NEEDS[mode]],
    async run(trial) {
      const { id, body: before } = await trial.make(1);
      const connector = openFor(trial, mode);
      const body = withValueAt(before, trial.user.text, 'Änne O’"Neil\\ (x)*');
      for (let round = 0; round < 2; round++) await update(trial, connector, id, mode, body, before);
      await mustHold(trial, id, body, [trial.user.name, trial.user.text]);
    },
  })),
  ...(['replace', 'patch'] as const).map((mode): Check => ({
    id: `optional-goes-${mode}`,
    rules: ['CONN-TCK-13'],
    title:
      mode === 'replace'
        ? 'a replacing update removes what the body lacks'
        : 'an update by change removes what has vanished, and leaves what it does not name',
    needs: [NEEDS.writing, NEEDS[mode], NEEDS.optional],
    async run(trial) {
      const { optional = '' } = trial.user;
      const bare = trial.body(1);
      const full = withValueAt(bare, optional, 'Optional');
      const { id } = await trial.make(1, full);
      await mustHold(trial, id, full, [optional]);
      const connector = openFor(trial, mode);
      if (mode === 'patch') {
        const other = withValueAt(full, trial.user.text, 'Other');
        await update(trial, connector, id, mode, other, full);
        await mustHold(trial, id, full, [optional]);
        await update(trial, connector, id, mode, withValueAt(other, optional, undefined), other);
      } else await update(trial, connector, id, mode, bare, full);
      const entity = await trial.connector.readOne('user', id, {});
      const left = entity === null ? undefined : valueAt(entity.body, optional);
      must(left === undefined || left === null || left === '', `${optional} is still there`);
    },
  })),
  {
    id: 'empty-change',
    rules: ['CONN-TCK-12', 'CONN-SCIM-63'],
    title: 'an empty change is not sent',
    needs: [NEEDS.writing, NEEDS.patch],
    async run(trial) {
      const { id, body } = await trial.make(1);
      let writes = 0;
      const change = { mode: 'patch', body: { ...body }, before: body } as const;
      const options = { beforeWrite: () => void (writes += 1) };
      const result = await openFor(trial, 'patch').update('user', id, change, options);
      must(result.applied === 'none' && writes === 0, 'a change that changes nothing was sent');
    },
  },
  {
    id: 'patch-without-before',
    rules: ['WRT-2'],
    title: 'an update by change without a known state sets every attribute',
    needs: [NEEDS.writing, NEEDS.patch],
    async run(trial) {
      const { id, body } = await trial.make(1);
      const changed = withValueAt(body, trial.user.text, 'Set');
      const result = await openFor(trial, 'patch').update('user', id, { mode: 'patch', body: changed }, {});
      must(result.applied === 'updated', `the update is called "${result.applied}"`);
      await mustHold(trial, id, changed, [trial.user.text]);
    },
  },
  {
    id: 'update-of-absent',
    rules: ['CONN-SCIM-66'],
    title: 'an update of an entity that is gone is notFound',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id, body: before } = await trial.make(1);
      await trial.connector.delete('user', id, {});
      for (const mode of modes(trial.system, trial.capabilities)) {
        const body = withValueAt(before, trial.user.text, 'Nobody');
        const call = update(trial, openFor(trial, mode), id, mode, body, before);
        const { kind } = await trial.errorOf(call, 'updating who is gone');
        must(kind === 'notFound', `updating who is gone by ${mode} is ${kind}, not notFound`);
      }
    },
  },
  {
    id: 'delete-twice',
    rules: ['CONN-TCK-14', 'CONN-CORE-54'],
    title: 'deleting twice succeeds twice, and the entity is gone',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id } = await trial.make(1);
      const first = await trial.connector.delete('user', id, {});
      const second = await trial.connector.delete('user', id, {});
      must(first.applied === 'deleted', `the first deletion is called "${first.applied}"`);
      must(second.applied === 'already-absent', `the second deletion is called "${second.applied}"`);
      must((await trial.connector.readOne('user', id, {})) === null, 'the deleted entity is still there');
    },
  },
  {
    id: 'awkward-names',
    rules: ['CONN-TCK-24'],
    title:
      'names with quotes, slashes, percent signs and letters of all scripts come back as they were, or are refused',
    needs: [NEEDS.writing],
    async run(trial) {
      for (const [n, awkward] of AWKWARD.entries()) await roundTrip(trial, n, awkward);
    },
  },
  {
    id: 'awkward-names-found',
    rules: ['CONN-TCK-24', 'CONN-SCIM-29'],
    title: 'entities with such names are found by them, and nobody else is',
    needs: [NEEDS.writing],
    async run(trial) {
      for (const [n, awkward] of AWKWARD.entries()) {
        const made = await createAwkward(trial, n, awkward);
        if (made === undefined) continue;
        const keys = trial.connector.uniqueKeys('user');
        const found = await trial.connector.resolveExisting('user', made.body, keys, {});
        must(found.outcome === 'one' && found.entity.id === made.id, `${awkward} is looked for: ${found.outcome}`);
      }
    },
  },
  {
    id: 'no-path-tricks',
    rules: ['CONN-CORE-06'],
    title: 'an identifier that is empty or a path step addresses nobody',
    needs: [NEEDS.writing],
    async run(trial) {
      const { id } = await trial.make(1);
      for (const wrong of ['', '.', '..']) {
        // Where identifiers are values in a search, nobody has such a one, and who is not there is deleted already.
        const error: unknown = await trial.connector.delete('user', wrong, {}).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        const isRefused = isConnectorError(error) && error.outcome === 'not-applied';
        must(error === undefined || isRefused, `deleting "${wrong}": it is neither refused nor without effect`);
      }
      must((await trial.connector.readOne('user', id, {})) !== null, 'an entity is gone');
    },
  },
  {
    id: 'writes-are-announced',
    rules: [],
    title: 'what forbids a write is asked before each one, and nothing is sent then',
    needs: [NEEDS.writing],
    async run(trial) {
      const stop = new Error('the lease is over');
      const options = {
        beforeWrite: () => {
          throw stop;
        },
      };
      const { id, body } = await trial.make(1);
      const calls: readonly [string, Promise<unknown>][] = [
        ['create', trial.connector.create('user', trial.body(2), options)],
        ['delete', trial.connector.delete('user', id, options)],
      ];
      for (const [what, call] of calls) {
        const thrown: unknown = await call.then(
          () => undefined,
          (error: unknown) => error,
        );
        must(thrown === stop, `${what} goes on although beforeWrite forbade it`);
      }
      await mustHold(trial, id, body, [trial.user.name]);
    },
  },
];

/** A connector whose updates are of this mode. */
export function openFor(trial: Trial, mode: 'replace' | 'patch'): Connector {
  const properties = trial.system.samples.updateModeProperties?.[mode];
  return properties === undefined ? trial.connector : trial.open({ properties });
}

async function update(
  trial: Trial,
  connector: Connector,
  id: string,
  mode: 'replace' | 'patch',
  body: JsonObject,
  before: JsonObject,
): Promise<void> {
  const result = await connector.update('user', id, { mode, body, before }, {});
  // In a directory the identifier is a name, and the entity is what the call is for; what goes with them holds no value.
  const { id: _id, entity: _entity, ...told } = result;
  trial.recorder.note(told);
  must(result.id === id, 'the update gives another identifier');
}

async function mustHold(trial: Trial, id: string, body: JsonObject, places: readonly string[]): Promise<void> {
  const entity = await trial.connector.readOne('user', id, {});
  must(entity !== null, 'the entity is not found by its id');
  for (const place of places) {
    must(valueAt(entity.body, place) === valueAt(body, place), `${place} is not what was written`);
  }
}

async function roundTrip(trial: Trial, n: number, awkward: string): Promise<void> {
  const made = await createAwkward(trial, n, awkward);
  if (made === undefined) return;
  const entity = await trial.connector.readOne('user', made.id, {});
  const { name } = trial.user;
  must(entity !== null, `${awkward}: the entity is not found by its id`);
  must(valueAt(entity.body, name) === valueAt(made.body, name), `${awkward}: comes back changed`);
}

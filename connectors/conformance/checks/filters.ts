import { throughReadMapping } from '../../../core/filter/native-filter.js';
import { parseScimFilter } from '../../../core/filter/parse-filter.js';
import { isJsonObject } from '../../../core/json.js';
import type { JsonObject } from '../../../core/json.js';
import type { NativeFilter } from '../../../core/filter/filter-model.js';
import { NEEDS, type Check } from '../check.js';
import { idsOf, must, type Trial } from '../trial.js';

const LONG_AGO = '2000-01-01T00:00:00Z';
const LATER = '2100-01-01T00:00:00Z';

/** Reads under a filter of SCIM, translated through the default read mapping (CONN-LDAP-46). */
export const FILTERS: readonly Check[] = [
  {
    id: 'filtered-read',
    rules: ['CONN-LDAP-46', 'CONN-LDAP-47'],
    title: 'a read under a SCIM filter delivers who fulfils it, and nobody else',
    needs: [NEEDS.writing, NEEDS.users, NEEDS.filteredReads],
    async run(trial) {
      const ids = await trial.makeMany(4);
      const { mark } = trial;
      const own = `userName sw "${mark}-"`;
      const one = `userName eq "${mark}-1"`;
      const mail = `${mark}.2@example.org`;
      await mustFind(trial, one, [ids[1]]);
      await mustFind(trial, `userName eq "${mark.toUpperCase()}-1"`, [ids[1]]);
      await mustFind(trial, `${own} and not (${one})`, [ids[0], ids[2], ids[3]]);
      await mustFind(trial, `${own} and userName ne "${mark}-1"`, [ids[0], ids[2], ids[3]]);
      await mustFind(trial, `${one} or emails.value eq "${mail}"`, [ids[1], ids[2]]);
      await mustFind(trial, `emails[value co "${mark}.2@"]`, [ids[2]]);
      await mustFind(trial, `userName ew "${mark}-3" and userName pr`, [ids[3]]);
      await mustFind(trial, `${own} and title pr`, []);
      await mustFind(trial, `${own} and userName gt "${mark}-1"`, [ids[2], ids[3]]);
      await mustFind(trial, `${own} and meta.lastModified gt "${LONG_AGO}"`, ids);
      await mustFind(trial, `${own} and not (meta.lastModified lt "${LATER}")`, []);
      for (const wild of ['*', `${mark}*`, `${mark}-1)(objectClass=*`, String.raw`${mark}-\31`])
        await mustFind(trial, `userName eq ${JSON.stringify(wild)}`, []);
    },
  },
];

async function mustFind(trial: Trial, filter: string, wanted: readonly (string | undefined)[]): Promise<void> {
  const where = translated(trial, filter);
  const found = idsOf(await trial.readAll(trial.open({ properties: trial.listing('user') }), { type: 'user', where }));
  const isSame = [...found].sort().join('\n') === [...wanted].sort().join('\n');
  must(
    isSame,
    `${filter.replaceAll(trial.mark, '…')}: ${found.length} are found, and not the ${wanted.length} expected`,
  );
}

function translated({ system }: Trial, filter: string): NativeFilter {
  const { read } = system.factory.descriptor.defaultTransformations;
  const type: JsonObject = isJsonObject(read?.['user']) ? read['user'] : {};
  const defaults = system.factory.descriptor.properties.flatMap(({ name, predefinedValue, defaultValue }) => {
    const value = predefinedValue ?? defaultValue;
    return value === undefined ? [] : [[name, value] as const];
  });
  return throughReadMapping(parseScimFilter(filter).filter, type, {
    ...Object.fromEntries(defaults),
    ...system.properties,
  });
}

import type { ConfirmationLimit } from '../../capability-rules.js';
import type { Connector } from '../../contract.js';
import { isConnectorError } from '../../errors.js';
import { AWKWARD, createAwkward } from '../awkward.js';
import { NEEDS, type Check } from '../check.js';
import { must, type Trial } from '../trial.js';

/** Entities that are there. Absent ones fill the questions up, because they cost nothing to make. */
const PRESENT = 12;
/** Two that are known to be there, and one that is asked for. */
const LEAST = 3;

/** Questions for several entities at once (DEL-23): what they get wrong costs somebody the account. */
export const TOGETHER: readonly Check[] = [
  {
    id: 'confirmed-together',
    rules: ['DEL-23', 'CONN-CORE-27'],
    title:
      'asked for several entities at once, the answer is what the single ones are: present, absent, mixed, and full filters',
    needs: [NEEDS.writing, NEEDS.filter, NEEDS.together],
    async run(trial) {
      const { connector, limit } = opened(trial);
      const made = await trial.makeMany(PRESENT);
      const absent = absentIds(trial, 2 * limit.entities, made[0] ?? '');
      const some = absent.slice(0, PRESENT);
      await mustAnswerAsSingle(trial, connector, made, 'present ones');
      await mustAnswerAsSingle(trial, connector, some, 'absent ones');
      await mustAnswerAsSingle(trial, connector, interleaved(made, some), 'present and absent ones');
      // As many as a question may hold, and a second one: the present ones are spread over both.
      const many = interleaved(made, absent.slice(0, 2 * limit.entities - made.length));
      for (const question of questionsOf(many, limit)) {
        const present = await ask(connector, question);
        must(
          present !== null,
          `a question for ${question.length} entities is not answered, although it may hold ${limit.entities}`,
        );
        const expected = question.filter((id) => made.includes(id));
        mustBe(present, expected, `a question for ${question.length} entities`);
      }
      await trial.connector.delete('user', made[0] ?? '', {});
      await mustAnswerAsSingle(trial, connector, made, 'present ones and one that has just gone');
    },
  },
  {
    id: 'confirmed-together-awkward',
    rules: ['DEL-23', 'CONN-TCK-24', 'CONN-LDAP-47', 'CONN-SCIM-29'],
    title:
      'asked for several with quotes, brackets and stars in names and identifiers, nobody else is found, and nobody present is missing',
    needs: [NEEDS.writing, NEEDS.filter, NEEDS.together],
    async run(trial) {
      const { connector } = opened(trial);
      const made: string[] = [];
      for (const [n, awkward] of AWKWARD.entries()) {
        const one = await createAwkward(trial, n, awkward);
        if (one !== undefined) made.push(one.id);
      }
      const plain = await trial.makeMany(2, AWKWARD.length);
      const wrong = AWKWARD.map((awkward) => `${trial.mark} not ${awkward}`);
      // A wildcard that is not escaped finds everybody.
      const wild = [`${trial.mark}*`, '*', '") or (id pr', '*)(objectClass=*'];
      await mustAnswerAsSingle(trial, connector, [...plain, ...made], 'awkward identifiers that are there', true);
      await mustAnswerAsSingle(
        trial,
        connector,
        [...made, ...wrong, ...plain],
        'awkward identifiers, there or not',
        true,
      );
      for (const id of wild) await mustAnswerAsSingle(trial, connector, [...plain, id], `"${id}"`, true);
    },
  },
];

/** A connector under the filter of this check, and how much it takes at once. */
function opened(trial: Trial): { readonly connector: Connector; readonly limit: ConfirmationLimit } {
  const properties = trial.listing('user');
  const { confirmsTogether } = trial.system.factory.capabilities(
    { ...trial.system.properties, ...properties },
    'source',
  );
  const limit = confirmsTogether?.user;
  must(limit !== undefined, 'the capabilities say nothing of questions for several');
  must(limit.entities >= LEAST && limit.characters > 0, 'a question for several must be able to hold three');
  const connector = trial.open({ properties });
  must(
    connector.readPresent !== undefined,
    'the capabilities promise questions for several, and there is no readPresent',
  );
  return { connector, limit };
}

/** Identifiers of the form that the system gives, which nobody has. */
function absentIds(trial: Trial, count: number, like: string): string[] {
  const digits = (n: number): string => n.toString(16).padStart(12, '0');
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(like);
  return Array.from({ length: count }, (_, n) =>
    isUuid ? `00000000-0000-4000-8000-${digits(n)}` : `${trial.mark}-none${n}`,
  );
}

function interleaved(left: readonly string[], right: readonly string[]): string[] {
  const step = Math.max(1, Math.floor(right.length / Math.max(1, left.length)));
  const mixed = left.flatMap((id, n) => [id, ...right.slice(n * step, (n + 1) * step)]);
  return [...mixed, ...right.slice(left.length * step)];
}

function questionsOf(ids: readonly string[], { entities, characters }: ConfirmationLimit): string[][] {
  const questions: string[][] = [];
  let length = Infinity;
  for (const id of ids) {
    length += id.length;
    const last = questions.at(-1);
    if (last === undefined || last.length >= entities || length > characters) {
      questions.push([id]);
      length = id.length;
    } else last.push(id);
  }
  return questions;
}

/** Null: the connector gives no answer, upon which each entity is asked for alone. */
async function ask(connector: Connector, ids: readonly string[]): Promise<ReadonlySet<string> | null> {
  try {
    return (await connector.readPresent?.('user', ids, {})) ?? null;
  } catch (error) {
    if (isConnectorError(error)) return null;
    throw error;
  }
}

/** `mayDecline`: to give no answer is right, too; a wrong one never is. */
async function mustAnswerAsSingle(
  trial: Trial,
  connector: Connector,
  ids: readonly string[],
  what: string,
  mayDecline = false,
): Promise<void> {
  const present = await ask(connector, ids);
  if (present === null && mayDecline) return;
  must(present !== null, `${what}: the question is not answered`);
  const expected: string[] = [];
  for (const id of ids) if (await isThere(trial, connector, id)) expected.push(id);
  mustBe(present, expected, what);
}

/** The single question; one that the system refuses, because no identifier looks like that, finds nobody. */
async function isThere(trial: Trial, connector: Connector, id: string): Promise<boolean> {
  try {
    return (await connector.readOne('user', id, { withFilter: true })) !== null;
  } catch (error) {
    must(
      isConnectorError(error) && ['invalid', 'notFound', 'unsupported'].includes(error.kind),
      `"${id}" alone: ${String(error)}`,
    );
    trial.recorder.note(error.safeMessage);
    return false;
  }
}

function mustBe(present: ReadonlySet<string>, expected: readonly string[], what: string): void {
  const missing = expected.filter((id) => !present.has(id));
  const invented = [...present].filter((id) => !expected.includes(id));
  must(missing.length === 0, `${what}: ${missing.length} of ${expected.length} that are there are not told of`);
  must(invented.length === 0, `${what}: ${invented.length} are told of that are not there`);
}

import { isDeepStrictEqual } from 'node:util';
import { SCIM_READ_TRANSFORMATION } from '../../connectors/scim/transformations/read.js';
import { SCIM_WRITE_TRANSFORMATION } from '../../connectors/scim/transformations/write.js';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { TypeProgram } from '../../core/transform/index.js';
import { personAt } from '../../simulators/population.js';
import type { BenchOptions } from '../options.js';
import { targetOf } from '../raw/mapping.js';
import { NO_MEASURES } from '../result.js';
import type { ScenarioOutcome } from '../result.js';
import { handRead, handWrite } from '../transform/hand-written.js';
import type { HandRead } from '../transform/hand-written.js';
import {
  asParsed,
  bytesPerProgram,
  entityFor,
  manyMappings,
  userProgram,
  WRITE_CONTEXT,
} from '../transform/programs.js';
import { compare, timeOf } from '../transform/slices.js';
import type { ScenarioTools } from './tools.js';

const SEED = 1;
const COMPARISON_MS = 6_000;
const SHORT_MS = 2_000;
const FEW_MAPPINGS = 20;
const MANY_MAPPINGS = 200;

/**
 * The compiled default transformations of SCIM users against the same by hand, on the same entities with the same results. Needs no
 * server. `ratio` is the time of the hand-written write over that of ours.
 */
export async function transform(tools: ScenarioTools, options: BenchOptions): Promise<ScenarioOutcome> {
  const people = Array.from({ length: options.entities }, (_, number) => person(number));
  const reader = userProgram(SCIM_READ_TRANSFORMATION, 'read');
  const writer = userProgram(SCIM_WRITE_TRANSFORMATION, 'write');
  const commons = people.map((one) => asParsed(ourRead(reader, one).common));
  tools.say(`comparing the results for ${people.length} people`);
  const invalidBecause = people.flatMap((one, position) => differences(reader, writer, one, commons[position] ?? {}));

  tools.say('writing');
  const context = WRITE_CONTEXT;
  const write = compare(
    (at) => handWrite(commons[at] ?? {}, context.targetId),
    (at) => writer.write(commons[at] ?? {}, 'update', context),
    people.length,
    COMPARISON_MS,
  );
  const sharing = compare(
    (at) => targetOf(commons[at] ?? {}),
    (at) => writer.write(commons[at] ?? {}, 'update', context),
    people.length,
    SHORT_MS,
  );
  tools.say('reading');
  const read = compare(
    (at) => handRead(people[at] ?? {}),
    (at) => reader.read(people[at] ?? {}, context),
    people.length,
    COMPARISON_MS,
  );
  tools.say(`${MANY_MAPPINGS} mappings against ${FEW_MAPPINGS}`);
  const growth = mappingGrowth();
  tools.say('compiling');
  return {
    invalidBecause: invalidBecause.slice(0, 5),
    measures: {
      ...NO_MEASURES,
      ratio: write.ratio,
      ratioRead: read.ratio,
      ratioWriteSharingInput: sharing.ratio,
      writeMicros: write.second / 1_000,
      writeMicrosByHand: write.first / 1_000,
      readMicros: read.second / 1_000,
      readMicrosByHand: read.first / 1_000,
      perMappingGrowth: growth.ratio,
      nanosPerMappingOf20: growth.second,
      nanosPerMappingOf200: growth.first,
      compileWriteMicros: timeOf(() => userProgram(SCIM_WRITE_TRANSFORMATION, 'write'), 1, SHORT_MS) / 1_000,
      compileReadMicros: timeOf(() => userProgram(SCIM_READ_TRANSFORMATION, 'read'), 1, SHORT_MS) / 1_000,
      compile200MappingsMicros: timeOf(() => userProgram(manyMappings(MANY_MAPPINGS), 'write'), 1, SHORT_MS) / 1_000,
      programKb: bytesPerProgram(SCIM_WRITE_TRANSFORMATION, 'write') / 1024,
      program200MappingsKb: bytesPerProgram(manyMappings(MANY_MAPPINGS), 'write') / 1024,
    },
  };
}

/** Nanoseconds per mapping; ten runs of the small program stand beside one of the big one, so that slices are alike. */
function mappingGrowth(): { first: number; second: number; ratio: number } {
  const few = userProgram(manyMappings(FEW_MAPPINGS), 'write');
  const many = userProgram(manyMappings(MANY_MAPPINGS), 'write');
  const fewEntity = entityFor(FEW_MAPPINGS);
  const manyEntity = entityFor(MANY_MAPPINGS);
  const times = compare(
    () => many.write(manyEntity, 'update', WRITE_CONTEXT),
    () => few.write(fewEntity, 'update', WRITE_CONTEXT),
    1,
    COMPARISON_MS,
  );
  const scale = MANY_MAPPINGS / FEW_MAPPINGS;
  return { first: times.first / MANY_MAPPINGS, second: times.second / FEW_MAPPINGS, ratio: times.ratio / scale };
}

/** A person as JSON from the network is; some have no address that is marked as primary. */
function person(number: number): JsonObject {
  const generated = personAt(number, SEED);
  const emails: JsonValue =
    number % 3 === 0 ? [{ value: `${generated.userName}@example.com`, type: 'work' }] : (generated['emails'] ?? []);
  return asParsed({ ...generated, emails, meta: { resourceType: 'User', version: `W/"${number}"` } });
}

function ourRead(reader: TypeProgram, input: JsonObject): HandRead {
  const outcome = reader.read(input, WRITE_CONTEXT);
  if (outcome.kind !== 'mapped') throw new Error(`a person was not read: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** The comparison is worth nothing unless both sides give the same. */
function differences(reader: TypeProgram, writer: TypeProgram, input: JsonObject, common: JsonObject): string[] {
  const name = JSON.stringify(input['userName']);
  const { sourceId, correlation } = ourRead(reader, input);
  const byHand = handRead(input);
  const written = writer.write(common, 'update', WRITE_CONTEXT);
  const isReadAlike = isDeepStrictEqual(byHand, { sourceId, common, correlation });
  const isWrittenAlike =
    written.kind === 'mapped' && isDeepStrictEqual(handWrite(common, WRITE_CONTEXT.targetId), written.target);
  return [
    ...(isReadAlike ? [] : [`common JSON by hand differs for ${name}`]),
    ...(isWrittenAlike ? [] : [`target JSON by hand differs for ${name}`]),
  ];
}

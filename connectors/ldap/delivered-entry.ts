import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../core/json.js';
import type { NativeEntity } from '../contract.js';
import type { Entry } from './entry.js';
import { parseGeneralizedTime } from './generalized-time.js';
import type { LdapSettings, LdapType } from './ldap-settings.js';
import type { BodyMaker } from './native-entity.js';
import type { Schema } from './schema.js';

/** An attribute whose DNs were replaced by identifiers. */
export interface References {
  readonly attribute: string;
  readonly values: JsonValue[];
}

/** What an entry is made an entity with. */
interface Source {
  readonly entry: Entry;
  /** Undefined where the entry has none. */
  readonly references: References | undefined;
  readonly maker: BodyMaker;
  /** See {@link imageKey}. */
  readonly imageKey: Buffer;
}

/** Raised when the same bytes of a server begin to give another body. */
const DELIVERY_REVISION = 1;

/** Stands before what the server wrote: under other settings, or with another schema, the same bytes make another body. */
export function imageKey({ fingerprint, version }: LdapSettings, type: LdapType, { binary }: Schema): Buffer {
  const deciding = [DELIVERY_REVISION, fingerprint, version, type, [...binary].sort()];
  return createHash('sha256').update(JSON.stringify(deciding)).digest().subarray(0, 16);
}

/**
 * An entry as the engine takes it. The body is made when somebody asks for it. Its image is what the server wrote, with the identifiers in place
 * of DNs, which may change while the entry does not; it is made for each question, because pages wait in memory and it is wanted once.
 *
 * What it is made of is hidden from everybody: a copy or a message must not take along what the server has sent, the hash of a password perhaps.
 */
export class DeliveredEntry implements NativeEntity {
  readonly type: LdapType;
  readonly id: string;
  readonly membersUnknown: NativeEntity['membersUnknown'];
  readonly #source: Source;
  #made: JsonObject | undefined;

  constructor({ type, id, membersUnknown }: Pick<DeliveredEntry, 'type' | 'id' | 'membersUnknown'>, source: Source) {
    this.type = type;
    this.id = id;
    this.membersUnknown = membersUnknown;
    this.#source = source;
  }

  get body(): JsonObject {
    this.#made ??= bodyOf(this.#source);
    return this.#made;
  }

  get image(): Buffer | undefined {
    return imageOf(this.#source);
  }

  get lastModified(): string | undefined {
    const { entry } = this.#source;
    const modified = parseGeneralizedTime(entry.text('modifyTimestamp') ?? entry.text('whenChanged') ?? '');
    return modified === undefined ? undefined : new Date(modified).toISOString();
  }
}

function bodyOf({ entry, references, maker }: Source): JsonObject {
  const body = maker.bodyOf(entry);
  if (references === undefined) return body;
  const wanted = references.attribute.toLowerCase();
  body[Object.keys(body).find((name) => name.toLowerCase() === wanted) ?? references.attribute] = [
    ...references.values,
  ];
  return body;
}

function imageOf({ entry, references, maker, imageKey: key }: Source): Buffer | undefined {
  const image = entry.image(key, maker.isDelivered);
  if (image === undefined || references === undefined) return image;
  return Buffer.concat([image, Buffer.from(JSON.stringify(references.values))]);
}

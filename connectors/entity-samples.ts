import type { JsonObject, JsonValue } from '../core/json.js';

/**
 * How entities of a system type look, as data, for whoever has to make some that nobody will miss (the conformance kit). Texts of
 * bodies may hold `${mark}` (the mark of this use, letters and digits) and `${n}` (the number of the entity).
 */
export interface EntitySamples {
  readonly user?: EntitySample;
  readonly group?: GroupSample;
  /** Property that sets the entities of a page. */
  readonly pageSizeProperty?: string;
  /** Property with the address of the back end, as a URL. */
  readonly addressProperty?: string;
  /** Properties that make updates by PATCH or by PUT, where a property chooses. */
  readonly updateModeProperties?: Readonly<Partial<Record<'replace' | 'patch', Readonly<Record<string, string>>>>>;
}

/** One type of {@link EntitySamples}. Places in a body are JSON pointers (RFC 6901). */
export interface EntitySample {
  readonly body: JsonObject;
  /** Where the unique name stands; its text in `body` must begin with `${mark}`. */
  readonly name: string;
  /** Where a text stands that may be changed to any other. */
  readonly text: string;
  /** Where a text may stand that `body` lacks, and that may go again. */
  readonly optional?: string;
  /** A key that several entities may share, as a unique attribute is named; it looks at `text`. */
  readonly textKey?: string;
  /** Properties under which only entities of one mark are read. */
  readonly filter?: Readonly<Record<string, string>>;
}

/** {@link EntitySample} of groups. */
export interface GroupSample extends EntitySample {
  /** Where the list of members stands. */
  readonly members: string;
  /** One member; `${id}` stands for its identifier. */
  readonly member: JsonValue;
  /** A group may have no members. */
  readonly mayBeEmpty: boolean;
  /** Only where this property is set. */
  readonly emptyWith?: string;
}

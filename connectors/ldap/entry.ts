import { isUtf8 } from 'node:buffer';

/** One attribute of an entry with its values as they came. */
export class EntryAttribute {
  constructor(
    /** As the server spells it, with its options (`member;range=0-1499`). */
    readonly name: string,
    private readonly given: readonly Buffer[],
  ) {}

  get values(): readonly Buffer[] {
    return this.given;
  }

  /** The values as texts; undefined when one of them is none. */
  texts(): string[] | undefined {
    const texts: string[] = [];
    for (const value of this.values) {
      const text = value.toString('utf8');
      if (isSpoilt(text) && !isUtf8(value)) return undefined;
      texts.push(text);
    }
    return texts;
  }
}

/** The character that stands for bytes that are no UTF-8; a text may hold it, too. */
export function isSpoilt(text: string): boolean {
  return text.includes('\uFFFD');
}

/** The name of an attribute as it came, and as it is looked for. */
export interface AttributeName {
  readonly spelled: string;
  /** In lower case. */
  readonly key: string;
}

/** An entry of a directory: values are bytes until somebody who knows the attribute says what they are (CONN-LDAP-40). */
export abstract class Entry {
  abstract readonly dn: string;

  /** Every attribute by its name in lower case, ranges of values (`member;range=0-1499`) among them. */
  abstract all(): ReadonlyMap<string, EntryAttribute>;

  /** Whether some attribute fits. */
  hasAny(fits: (name: AttributeName) => boolean): boolean {
    for (const [key, { name: spelled }] of this.all()) if (fits({ key, spelled })) return true;
    return false;
  }

  has(name: string): boolean {
    return this.all().has(name.toLowerCase());
  }

  bytes(name: string): readonly Buffer[] {
    return this.all().get(name.toLowerCase())?.values ?? [];
  }

  /** The first value, or undefined. */
  first(name: string): Buffer | undefined {
    return this.bytes(name)[0];
  }

  /**
   * The DN and the attributes that fit, byte for byte as the server wrote them: equal images are equal entries. Undefined for an entry that was put
   * together here.
   *
   * @param before stands at its front
   */
  image(_before: Buffer, _fits: (name: AttributeName) => boolean): Buffer | undefined {
    return undefined;
  }

  texts(name: string): string[] {
    return this.bytes(name).map((value) => value.toString('utf8'));
  }

  /** The first value, or undefined. */
  text(name: string): string | undefined {
    return this.first(name)?.toString('utf8');
  }

  /** The same entry with other attributes beside or in place of its own. */
  with(attributes: readonly EntryAttribute[], without: readonly string[] = []): Entry {
    const gone = new Set(without.map((name) => name.toLowerCase()));
    const kept = [...this.all()].flatMap(([key, attribute]) => (gone.has(key) ? [] : [attribute]));
    return new MadeEntry(this.dn, [...kept, ...attributes]);
  }
}

/** An entry that was put together here. */
export class MadeEntry extends Entry {
  private readonly attributes: ReadonlyMap<string, EntryAttribute>;

  constructor(
    readonly dn: string,
    attributes: readonly EntryAttribute[],
  ) {
    super();
    this.attributes = byKey(attributes);
  }

  override all(): ReadonlyMap<string, EntryAttribute> {
    return this.attributes;
  }
}

/** Of two attributes of one name the later one counts. */
export function byKey(attributes: readonly EntryAttribute[]): ReadonlyMap<string, EntryAttribute> {
  return new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
}

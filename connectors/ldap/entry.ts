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

/** An entry of a directory: values are bytes until somebody who knows the attribute says what they are (CONN-LDAP-40). */
export class Entry {
  private readonly attributes: ReadonlyMap<string, EntryAttribute>;

  constructor(
    readonly dn: string,
    attributes: readonly EntryAttribute[],
  ) {
    const byName = new Map<string, EntryAttribute>();
    for (const attribute of attributes) byName.set(attribute.name.toLowerCase(), attribute);
    this.attributes = byName;
  }

  /** Every attribute by its name in lower case, ranges of values (`member;range=0-1499`) among them. */
  all(): ReadonlyMap<string, EntryAttribute> {
    return this.attributes;
  }

  has(name: string): boolean {
    return this.attributes.has(name.toLowerCase());
  }

  bytes(name: string): readonly Buffer[] {
    return this.attributes.get(name.toLowerCase())?.values ?? [];
  }

  texts(name: string): string[] {
    return this.bytes(name).map((value) => value.toString('utf8'));
  }

  /** The first value, or undefined. */
  text(name: string): string | undefined {
    return this.bytes(name)[0]?.toString('utf8');
  }

  /** The same entry with other attributes beside or in place of its own. */
  with(attributes: readonly EntryAttribute[], without: readonly string[] = []): Entry {
    const gone = new Set(without.map((name) => name.toLowerCase()));
    const kept = [...this.all()].flatMap(([key, attribute]) => (gone.has(key) ? [] : [attribute]));
    return new Entry(this.dn, [...kept, ...attributes]);
  }
}

import type { SearchEntry } from 'ldapts';

/** One attribute of an entry with its values as they came. */
export interface EntryAttribute {
  /** As the server spells it, without options. */
  readonly name: string;
  readonly values: readonly Buffer[];
}

/** An entry of a directory: values are bytes until somebody who knows the attribute says what they are (CONN-LDAP-40). */
export class Entry {
  private readonly attributes: ReadonlyMap<string, EntryAttribute>;

  constructor(
    readonly dn: string,
    attributes: readonly EntryAttribute[],
  ) {
    this.attributes = new Map(attributes.map((attribute) => [attribute.name.toLowerCase(), attribute]));
  }

  static from(message: SearchEntry): Entry {
    const attributes = message.attributes.map(({ type, parsedBuffers }) => ({ name: type, values: parsedBuffers }));
    return new Entry(message.name, attributes);
  }

  /** Every attribute, ranges of values (`member;range=0-1499`) among them. */
  all(): Iterable<EntryAttribute> {
    return this.attributes.values();
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
    const kept = [...this.all()].filter(({ name }) => !gone.has(name.toLowerCase()));
    return new Entry(this.dn, [...kept, ...attributes]);
  }
}

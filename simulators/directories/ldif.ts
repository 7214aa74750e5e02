/** Attributes of an entry to be written as LDIF. */
export type LdifAttributes = Readonly<Record<string, string | readonly string[]>>;

/** One entry as LDIF (RFC 2849); every value in base64, so that none needs care. */
export function ldifEntry(dn: string, attributes: LdifAttributes): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}:: ${Buffer.from(value).toString('base64')}`),
  );
  return [`dn:: ${Buffer.from(dn).toString('base64')}`, ...lines, ''].join('\n');
}

/** Entries one after the other. */
export function ldifOf(entries: Iterable<readonly [dn: string, attributes: LdifAttributes]>): string {
  return [...entries].map(([dn, attributes]) => ldifEntry(dn, attributes)).join('\n');
}

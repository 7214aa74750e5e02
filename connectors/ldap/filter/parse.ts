import {
  AndFilter,
  ApproximateFilter,
  EqualityFilter,
  ExtensibleFilter,
  GreaterThanEqualsFilter,
  LessThanEqualsFilter,
  NotFilter,
  OrFilter,
  PresenceFilter,
  SubstringFilter,
  type Filter,
} from 'ldapts';

/** Text that is not a filter of RFC 4515; the message says where and why. */
export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError';
}

const MAX_DEPTH = 50;
const DESCRIPTION = /^(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)(?:;[A-Za-z0-9-]+)*/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses a filter as an administrator writes it (RFC 4515). Outer parentheses may be left out (CONN-LDAP-20). Options of attributes,
 * numeric object identifiers and escaped UTF-8 are understood, which the parser of the library does not. Throws {@link FilterSyntaxError}.
 */
export function parseFilter(text: string): Filter {
  const trimmed = text.trim();
  const reader = new FilterReader(trimmed.startsWith('(') ? trimmed : `(${trimmed})`);
  const filter = reader.filter(0);
  reader.end();
  return filter;
}

class FilterReader {
  private position = 0;

  constructor(private readonly text: string) {}

  filter(depth: number): Filter {
    if (depth > MAX_DEPTH) throw new FilterSyntaxError(`more than ${MAX_DEPTH} levels`);
    this.take('(');
    const filter = this.content(depth);
    this.take(')');
    return filter;
  }

  end(): void {
    this.blanks();
    if (this.position < this.text.length) throw this.error('the filter ends here, but more text follows');
  }

  private content(depth: number): Filter {
    this.blanks();
    switch (this.text[this.position]) {
      case '&':
        this.position += 1;
        return new AndFilter({ filters: this.list(depth) });
      case '|':
        this.position += 1;
        return new OrFilter({ filters: this.list(depth) });
      case '!':
        this.position += 1;
        this.blanks();
        return new NotFilter({ filter: this.filter(depth + 1) });
      default:
        return this.item();
    }
  }

  private list(depth: number): Filter[] {
    const filters: Filter[] = [];
    for (this.blanks(); this.text[this.position] === '('; this.blanks()) filters.push(this.filter(depth + 1));
    if (filters.length === 0) throw this.error('"&" and "|" need at least one filter in parentheses');
    return filters;
  }

  private item(): Filter {
    const attribute = DESCRIPTION.exec(this.text.slice(this.position))?.[0] ?? '';
    this.position += attribute.length;
    const operator = /^(?:=|~=|>=|<=|:[^=()]*:=|:=)/.exec(this.text.slice(this.position))?.[0];
    if (operator === undefined) throw this.error('an attribute and one of = >= <= ~= := is expected');
    this.position += operator.length;
    const raw = /^[^()]*/.exec(this.text.slice(this.position))?.[0] ?? '';
    const start = this.position;
    this.position += raw.length;
    if (operator.startsWith(':')) return this.extensible(attribute, operator, raw, start);
    if (attribute === '') throw this.error('an attribute is missing');
    switch (operator) {
      case '>=':
        return new GreaterThanEqualsFilter({ attribute, value: this.text8(raw, start) });
      case '<=':
        return new LessThanEqualsFilter({ attribute, value: this.text8(raw, start) });
      case '~=':
        return new ApproximateFilter({ attribute, value: this.text8(raw, start) });
      default:
        return this.equality(attribute, raw, start);
    }
  }

  private equality(attribute: string, raw: string, start: number): Filter {
    if (raw === '*') return new PresenceFilter({ attribute });
    if (!raw.includes('*')) return new EqualityFilter({ attribute, value: this.bytes(raw, start) });
    const parts = raw.split('*').map((part) => this.text8(part, start));
    const [initial = '', ...rest] = parts;
    const final = rest.pop() ?? '';
    return new SubstringFilter({ attribute, initial, any: rest.filter((part) => part !== ''), final });
  }

  /** `attribute:dn:rule:=value`; each part may be missing, but not both attribute and rule. */
  private extensible(attribute: string, operator: string, raw: string, start: number): Filter {
    const parts = operator
      .slice(1, -1)
      .split(':')
      .filter((part) => part !== '');
    const dnAttributes = parts[0]?.toLowerCase() === 'dn';
    const [rule = '', ...more] = dnAttributes ? parts.slice(1) : parts;
    if (more.length > 0 || (rule === '' && attribute === '')) throw this.error('this is no extensible match');
    return new ExtensibleFilter({ matchType: attribute, rule, dnAttributes, value: this.text8(raw, start) });
  }

  private text8(raw: string, start: number): string {
    try {
      return UTF8.decode(this.bytes(raw, start));
    } catch (error) {
      if (error instanceof FilterSyntaxError) throw error;
      throw new FilterSyntaxError(`at position ${start + 1}: bytes that are no text can only be compared with =`);
    }
  }

  private bytes(raw: string, start: number): Buffer {
    if (!raw.includes('\\')) return Buffer.from(raw);
    const parts: Buffer[] = [];
    for (const [index, part] of raw.split('\\').entries()) {
      const hex = index === 0 ? '' : part.slice(0, 2);
      if (index > 0 && !/^[0-9A-Fa-f]{2}$/.test(hex))
        throw new FilterSyntaxError(`at position ${start + 1}: "\\" needs two hexadecimal digits, for example \\2a`);
      parts.push(Buffer.from(hex, 'hex'), Buffer.from(part.slice(hex.length)));
    }
    return Buffer.concat(parts);
  }

  private blanks(): void {
    while (/\s/.test(this.text[this.position] ?? '')) this.position += 1;
  }

  private take(character: string): void {
    this.blanks();
    if (this.text[this.position] !== character) throw this.error(`"${character}" is expected`);
    this.position += 1;
  }

  private error(message: string): FilterSyntaxError {
    return new FilterSyntaxError(`at position ${this.position + 1}: ${message}`);
  }
}

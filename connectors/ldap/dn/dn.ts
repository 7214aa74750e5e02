/** One `type=value` of a DN. */
export interface Ava {
  readonly type: string;
  /** Unescaped; bytes that are no UTF-8 text come as {@link Buffer}. */
  readonly value: string | Buffer;
}

/** A relative DN; more than one pair only in multi-valued RDNs. */
export type Rdn = readonly Ava[];

/** A distinguished name, the entry itself first. The empty list is the root. */
export type Dn = readonly Rdn[];

/** Text that is not a DN of RFC 4514. */
export class DnSyntaxError extends Error {
  override readonly name = 'DnSyntaxError';
}

const TYPE = /^(?:[A-Za-z][A-Za-z0-9-]*|(?:[Oo][Ii][Dd]\.)?\d+(?:\.\d+)*)$/;

/**
 * Parses a DN string (RFC 4514, with the older forms that servers still send: blanks around separators, `;`, quoted values). Throws
 * {@link DnSyntaxError}.
 */
export function parseDn(text: string): Dn {
  if (text.trim() === '') return [];
  const reader = new DnReader(text);
  const rdns: Ava[][] = [[]];
  for (;;) {
    rdns.at(-1)?.push(reader.ava());
    const separator = reader.separator();
    if (separator === undefined) return rdns;
    if (separator !== '+') rdns.push([]);
  }
}

class DnReader {
  private position = 0;

  constructor(private readonly text: string) {}

  ava(): Ava {
    this.blanks();
    const equals = this.text.indexOf('=', this.position);
    const type = equals < 0 ? '' : this.text.slice(this.position, equals).trim();
    if (!TYPE.test(type)) throw new DnSyntaxError('a DN is a list of attribute=value pairs');
    this.position = equals + 1;
    this.blanks();
    const first = this.text[this.position];
    if (first === '#') return { type, value: this.hexValue() };
    if (first === '"') return { type, value: this.quotedValue() };
    return { type, value: this.plainValue() };
  }

  /** Consumes the separator before the next pair; undefined at the end. */
  separator(): string | undefined {
    this.blanks();
    const character = this.text[this.position];
    if (character === undefined) return undefined;
    if (character !== ',' && character !== ';' && character !== '+')
      throw new DnSyntaxError('values of a DN are separated by "," or "+"');
    this.position += 1;
    return character;
  }

  private blanks(): void {
    while (this.text[this.position] === ' ') this.position += 1;
  }

  /** `#` and hexadecimal BER: the octets of its string, where it is one. */
  private hexValue(): string | Buffer {
    const hex = /^#((?:[0-9A-Fa-f]{2})+)/.exec(this.text.slice(this.position))?.[1];
    if (hex === undefined) throw new DnSyntaxError('"#" at the start of a value needs hexadecimal digits');
    this.position += hex.length + 1;
    const ber = Buffer.from(hex, 'hex');
    const length = ber[1] ?? 0;
    const isString = [0x04, 0x0c, 0x13, 0x16].includes(ber[0] ?? 0) && length < 0x80 && ber.length === length + 2;
    return isString ? decoded(ber.subarray(2)) : ber;
  }

  private quotedValue(): string | Buffer {
    this.position += 1;
    const bytes = this.bytesUntil((character) => character === '"');
    if (this.text[this.position] !== '"') throw new DnSyntaxError('a quotation mark is not closed');
    this.position += 1;
    return decoded(bytes.value);
  }

  private plainValue(): string | Buffer {
    const { value, solid } = this.bytesUntil(
      (character) => character === ',' || character === ';' || character === '+',
    );
    // Blanks at the end belong to the value only where they are escaped.
    let end = value.length;
    while (end > solid && value[end - 1] === 0x20) end -= 1;
    return decoded(value.subarray(0, end));
  }

  /** Unescaped bytes up to a character; `solid` is the length that must not be trimmed. */
  private bytesUntil(isEnd: (character: string) => boolean): { value: Buffer; solid: number } {
    const parts: Buffer[] = [];
    let length = 0;
    let solid = 0;
    const push = (part: Buffer): void => {
      parts.push(part);
      length += part.length;
    };
    for (;;) {
      const character = this.character();
      if (character === undefined || isEnd(character)) break;
      this.position += character.length;
      if (character !== '\\') {
        push(Buffer.from(character));
        continue;
      }
      push(this.escaped());
      solid = length;
    }
    return { value: Buffer.concat(parts), solid };
  }

  private escaped(): Buffer {
    const hex = /^[0-9A-Fa-f]{2}/.exec(this.text.slice(this.position, this.position + 2))?.[0];
    if (hex !== undefined) {
      this.position += 2;
      return Buffer.from(hex, 'hex');
    }
    const character = this.character();
    // Some servers escape more than they have to.
    if (character === undefined) throw new DnSyntaxError('a backslash escapes nothing');
    this.position += 1;
    return Buffer.from(character);
  }

  private character(): string | undefined {
    const code = this.text.codePointAt(this.position);
    return code === undefined ? undefined : String.fromCodePoint(code);
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decoded(bytes: Buffer): string | Buffer {
  try {
    return UTF8.decode(bytes);
  } catch {
    return bytes;
  }
}

const ESCAPED = new Set([',', '+', '"', '\\', '<', '>', ';', '=']);

/** RFC 4514 §2.4: every special character as a hexadecimal pair, which all servers and parsers take for the same. */
export function escapeDnValue(value: string | Buffer): string {
  if (typeof value !== 'string') return [...value].map(hexPair).join('');
  const last = value.length - 1;
  let escaped = '';
  for (let index = 0; index < value.length; index++) {
    const character = value[index] ?? '';
    const outer = character === ' ' && (index === 0 || index === last);
    const control = character < ' ' || character === '\x7f';
    const special = outer || control || ESCAPED.has(character) || (character === '#' && index === 0);
    escaped += special ? hexPair(character.charCodeAt(0)) : character;
  }
  return escaped;
}

function hexPair(byte: number): string {
  return `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`;
}

/** The RDN as text. */
export function formatRdn(rdn: Rdn): string {
  return rdn.map(({ type, value }) => `${type}=${escapeDnValue(value)}`).join('+');
}

/** The DN as text; what {@link parseDn} reads back unchanged. */
export function formatDn(dn: Dn): string {
  return dn.map(formatRdn).join(',');
}

/**
 * The form in which DNs are compared (CONN-LDAP-72): types and values case-insensitive, blanks inside values folded, escapes uniform, pairs
 * of a multi-valued RDN in order.
 */
export function normalizeDn(dn: Dn): string {
  return dn.map(normalizeRdn).join(',');
}

function normalizeRdn(rdn: Rdn): string {
  return rdn
    .map(({ type, value }) => `${type.toLowerCase()}=${escapeDnValue(foldValue(value))}`)
    .sort()
    .join('+');
}

function foldValue(value: string | Buffer): string | Buffer {
  return typeof value === 'string' ? value.normalize('NFKC').toLowerCase().trim().replace(/ +/g, ' ') : value;
}

/** {@link normalizeDn} of text; text that is no DN compares as itself. */
export function dnKey(text: string): string {
  try {
    return normalizeDn(parseDn(text));
  } catch (error) {
    if (!(error instanceof DnSyntaxError)) throw error;
    return text.toLowerCase();
  }
}

/** True for the base itself and everything under it. */
export function isAtOrBelow(dn: Dn, base: Dn): boolean {
  if (dn.length < base.length) return false;
  return normalizeDn(dn.slice(dn.length - base.length)) === normalizeDn(base);
}

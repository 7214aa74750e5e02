import { COUNTRY_ROWS } from './countries.js';
import { REGION_ROWS } from './regions.js';
import { PREFERRED_CODES, TIME_ZONE_ALIASES, TIME_ZONE_ROWS } from './time-zones.js';

/** A country of ISO 3166-1. */
export interface Country {
  readonly alpha2: string;
  readonly alpha3: string;
  /** Three digits. */
  readonly numeric: string;
  /** English. */
  readonly fullName: string;
}

/** A region of ISO 3166-2. */
export interface Region {
  /** With the country, for example `DE-BY`. */
  readonly code: string;
  /** English. */
  readonly fullName: string;
}

let countries: ReadonlyMap<string, Country> | undefined;
let regions: ReadonlyMap<string, ReadonlyMap<string, Region>> | undefined;
let zones: TimeZoneTable | undefined;

/** The country with this code or name, in any case (FNC-32). */
export function findCountry(text: string): Country | undefined {
  countries ??= readCountries();
  return countries.get(fold(/^\d{1,3}$/.test(text.trim()) ? text.trim().padStart(3, '0') : text));
}

/** The region of a country with this code (with or without country) or name, in any case (FNC-33). */
export function findRegion(country: Country, text: string): Region | undefined {
  regions ??= readRegions();
  return regions.get(country.alpha2)?.get(fold(text));
}

/** The table of appendix A. */
export interface TimeZoneTable {
  /** Code of a zone of the table, by the zone in lower case (TZA-2); aliases included. */
  readonly zones: ReadonlyMap<string, { readonly zone: string; readonly code: string }>;
  /** First zone of each code. */
  readonly firstZones: ReadonlyMap<string, string>;
}

/** The table of appendix A, read once. */
export function timeZoneTable(): TimeZoneTable {
  zones ??= readTimeZones();
  return zones;
}

function fold(text: string): string {
  return text.trim().toLowerCase();
}

function rowsOf(text: string): string[] {
  return text.split('\n').filter((row) => row !== '');
}

function readCountries(): ReadonlyMap<string, Country> {
  const byText = new Map<string, Country>();
  for (const row of rowsOf(COUNTRY_ROWS)) {
    const [codes = '', ...otherNames] = row.split('|');
    const [alpha2 = '', alpha3 = '', numeric = '', ...name] = codes.split(' ');
    const country = { alpha2, alpha3, numeric, fullName: name.join(' ') };
    for (const text of [alpha2, alpha3, numeric, country.fullName, ...otherNames]) byText.set(fold(text), country);
  }
  return byText;
}

function readRegions(): ReadonlyMap<string, ReadonlyMap<string, Region>> {
  const byCountry = new Map<string, ReadonlyMap<string, Region>>();
  for (const row of rowsOf(REGION_ROWS)) {
    const country = row.slice(0, 2);
    const byText = new Map<string, Region>();
    for (const entry of row.slice(3).split('|')) {
      const blank = entry.indexOf(' ');
      const code = `${country}-${entry.slice(0, blank)}`;
      const region = { code, fullName: entry.slice(blank + 1) };
      for (const text of [code, entry.slice(0, blank), region.fullName])
        if (!byText.has(fold(text))) byText.set(fold(text), region);
    }
    byCountry.set(country, byText);
  }
  return byCountry;
}

function readTimeZones(): TimeZoneTable {
  const byZone = new Map<string, { readonly zone: string; readonly code: string }>();
  const firstZones = new Map<string, string>();
  for (const row of rowsOf(TIME_ZONE_ROWS)) {
    const colon = row.indexOf(': ');
    const code = row.slice(0, colon);
    const listed = row.slice(colon + 2).split(' ');
    firstZones.set(code, listed[0] ?? '');
    for (const zone of listed) byZone.set(fold(zone), { zone, code: PREFERRED_CODES[zone] ?? code });
  }
  for (const pair of TIME_ZONE_ALIASES.split(/\s+/)) {
    const [alias = '', zone = ''] = pair.split('=');
    const known = byZone.get(fold(zone));
    if (known !== undefined) byZone.set(fold(alias), known);
  }
  return { zones: byZone, firstZones };
}

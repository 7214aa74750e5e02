import type { JsonObject, JsonValue } from '../../json.js';

/** Stands for a position that only exists because a later one was written (PTH-11). */
const NULL_PADDING: JsonObject = Object.freeze({});

/** The document under construction. Everything in it belongs to it: values are copied when they are written. */
export class Output {
  readonly document: JsonObject = {};
  private padded: JsonValue[][] | undefined;
  private unfilled: Set<JsonValue> | undefined;

  /** Lengthens an array up to a position, with objects to be filled or with nothing. */
  pad(array: JsonValue[], length: number, withObjects: boolean): void {
    if (array.length >= length) return;
    this.padded ??= [];
    this.padded.push(array);
    while (array.length < length) {
      const padding = withObjects ? {} : NULL_PADDING;
      array.push(padding);
      if (withObjects) (this.unfilled ??= new Set()).add(padding);
    }
  }

  /** True for a padding element that no mapping has filled yet. */
  isPadding(element: JsonValue | undefined): boolean {
    return element === NULL_PADDING || (element !== undefined && this.unfilled?.has(element) === true);
  }

  /** A mapping writes into this object: it is no padding any longer. */
  fill(element: JsonValue): void {
    this.unfilled?.delete(element);
  }

  /** Removes the padding elements that are left (PTH-19) and hands the document over. */
  finish(): JsonObject {
    for (const array of this.padded ?? []) {
      const kept = array.filter((element) => !this.isPadding(element));
      if (kept.length < array.length) array.splice(0, array.length, ...kept);
    }
    return this.document;
  }
}

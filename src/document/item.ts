/**
 * A user's document as plain values that know where they stand. Aliases are followed, merge keys are applied; what an
 * alias names is shared, not copied. Offsets are positions in the text of the file.
 */
export type Item = ScalarItem | ListItem | MapItem;

export interface ScalarItem {
  readonly kind: 'scalar';
  readonly offset: number;
  readonly value: string | number | boolean | null;
  /** How it stands in the file, quotes and indentation included. */
  readonly source: string;
  readonly style: 'plain' | 'single' | 'double' | 'block';
  /** The value came, in whole or in part, from outside of the file and must not be shown. */
  readonly substituted: boolean;
}

export interface ListItem {
  readonly kind: 'list';
  readonly offset: number;
  readonly items: readonly Item[];
}

export interface MapItem {
  readonly kind: 'map';
  readonly offset: number;
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export interface MapEntry {
  readonly keyOffset: number;
  readonly value: Item;
}

/** Keys and 0-based indexes from the root. */
export type Path = readonly (string | number)[];

/** `remote_write[0].queue_config.capacity` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

export interface Place {
  /** The value, or the deepest thing above it that was written. */
  readonly item: Item;
  /** Where its key stands; where the item itself stands if it has no key. */
  readonly keyOffset: number;
}

/** What stands at a path. A value that was not written has the place of what would hold it. */
export function placeAt(root: Item, path: Path): Place {
  let place: Place = { item: root, keyOffset: root.offset };
  for (const step of path) {
    const { item } = place;
    const entry = item.kind === 'map' ? item.entries.get(String(step)) : undefined;
    const element = item.kind === 'list' ? item.items[Number(step)] : undefined;
    if (entry) place = { item: entry.value, keyOffset: entry.keyOffset };
    else if (element) place = { item: element, keyOffset: element.offset };
    else return place;
  }
  return place;
}

export function childOf(item: Item | undefined, key: string): Item | undefined {
  return item?.kind === 'map' ? item.entries.get(key)?.value : undefined;
}

/** Plain data as if it had been written at an offset: defaults, and what stands for something left out. */
export function itemOf(value: unknown, offset: number): Item {
  if (Array.isArray(value)) return { kind: 'list', offset, items: value.map((element) => itemOf(element, offset)) };
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(
      ([key, child]) => [key, { keyOffset: offset, value: itemOf(child, offset) }] as const,
    );
    return { kind: 'map', offset, entries: new Map(entries) };
  }
  const scalar = value as ScalarItem['value'];
  return { kind: 'scalar', offset, value: scalar, source: String(scalar), style: 'plain', substituted: false };
}

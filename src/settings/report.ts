import type { Path } from '../document/item.ts';

/** Says that what stands at a path is wrong. */
export type Report = (path: Path, message: string) => void;

export function isUrl(text: string): boolean {
  return URL.canParse(text);
}

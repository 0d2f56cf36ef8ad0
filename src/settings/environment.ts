import type { Finding } from '../document/finding.ts';
import type { Item, MapEntry, Path } from '../document/item.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${`, which stands for `${`; `${NAME}`; a `${` that is neither. `$1` and `${1}` of relabelling are left alone. */
const VARIABLE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{(?![0-9]+\})/g;

/** The document with variables replaced in its values (never in keys); a variable that is not set is a finding. */
export function substituteEnvironment(
  root: Item,
  environment: Environment,
): { readonly root: Item; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];

  function visit(item: Item, path: Path): Item {
    if (item.kind === 'list') return { ...item, items: item.items.map((element, i) => visit(element, [...path, i])) };
    if (item.kind === 'map') {
      const entries = new Map<string, MapEntry>();
      for (const [key, entry] of item.entries)
        entries.set(key, { ...entry, value: visit(entry.value, [...path, key]) });
      return { ...item, entries };
    }
    if (typeof item.value !== 'string' || !item.value.includes('${')) return item;
    let isSubstituted = item.substituted;
    const value = item.value.replace(VARIABLE, (match, name: string | undefined) => {
      if (match === '$${') return '${';
      if (name === undefined) {
        const message = 'what follows "$" is no variable; write the name of one in the braces, or "$$" for a plain "$"';
        findings.push({ offset: item.offset, path, message, severity: 'error' });
        return match;
      }
      const found = environment[name];
      if (found === undefined) {
        const message = `the environment variable ${name} is not set; set it, or write $${match} for the text itself`;
        findings.push({ offset: item.offset, path, message, severity: 'error' });
        return match;
      }
      isSubstituted = true;
      return found;
    });
    return { ...item, value, substituted: isSubstituted };
  }

  return { root: visit(root, []), findings };
}

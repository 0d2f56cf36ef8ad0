import { OpenAnomalyError } from '../errors.ts';
import { relabelRegex, relabelRegexFault } from './relabel-regex.ts';

/** One step of relabelling, with the meaning it has in Prometheus; defaults are filled in by the settings. */
export interface RelabelRule {
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** Anchored at both ends. */
  readonly regex: string;
  readonly modulus: number;
  /** May hold `$1`, like the replacement, for `replace`. */
  readonly targetLabel: string;
  readonly replacement: string;
  readonly action:
    | 'replace'
    | 'keep'
    | 'drop'
    | 'hashmod'
    | 'labelmap'
    | 'labeldrop'
    | 'labelkeep'
    | 'lowercase'
    | 'uppercase'
    | 'keepequal'
    | 'dropequal';
}

/** Changes labels by name in place; false: the series is dropped. An absent label reads as the empty text. */
export type Relabel = (labels: Map<string, string>) => boolean;

type Step = (labels: Map<string, string>, text: string) => boolean;

/** MD5 of a text; `hashmod` is defined by it. Comes in as an argument since hashing belongs to the platform. */
export type Md5 = (text: string) => Uint8Array;

/** Throws `config_invalid` for a regular expression that cannot be read. */
export function compileRelabel(rules: readonly RelabelRule[], md5: Md5): Relabel {
  const steps = rules.map((rule) => compileRule(rule, md5));
  return (labels) => steps.every((step) => step(labels));
}

function compileRule(rule: RelabelRule, md5: Md5): Relabel {
  const fault = relabelRegexFault(rule.regex);
  if (fault !== undefined)
    throw new OpenAnomalyError('config_invalid', `write_relabel_configs: regex "${rule.regex}": ${fault}`);
  const step = compileAction(rule, md5);
  return (labels) => step(labels, rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator));
}

function compileAction(rule: RelabelRule, md5: Md5): Step {
  const regex = relabelRegex(rule.regex);
  const { targetLabel, replacement } = rule;
  switch (rule.action) {
    case 'replace':
      return (labels, text) => {
        const match = regex.exec(text);
        if (match === null) return true;
        const target = expand(targetLabel, match);
        if (target !== '') setLabel(labels, target, expand(replacement, match));
        return true;
      };
    case 'keep':
      return (_labels, text) => regex.test(text);
    case 'drop':
      return (_labels, text) => !regex.test(text);
    case 'keepequal':
      return (labels, text) => (labels.get(targetLabel) ?? '') === text;
    case 'dropequal':
      return (labels, text) => (labels.get(targetLabel) ?? '') !== text;
    case 'lowercase':
      return (labels, text) => setLabel(labels, targetLabel, text.toLowerCase());
    case 'uppercase':
      return (labels, text) => setLabel(labels, targetLabel, text.toUpperCase());
    case 'hashmod':
      return (labels, text) => setLabel(labels, targetLabel, String(lastEightBytes(md5(text)) % BigInt(rule.modulus)));
    case 'labelmap':
      return (labels) => mapLabels(labels, regex, replacement);
    case 'labeldrop':
      return (labels) => removeLabels(labels, (name) => regex.test(name));
    case 'labelkeep':
      return (labels) => removeLabels(labels, (name) => !regex.test(name));
  }
}

/** An empty value is no label. Answers true, as a step that goes on. */
function setLabel(labels: Map<string, string>, name: string, value: string): true {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
  return true;
}

function mapLabels(labels: Map<string, string>, regex: RegExp, replacement: string): true {
  for (const [name, value] of [...labels]) {
    const match = regex.exec(name);
    if (match !== null) setLabel(labels, expand(replacement, match), value);
  }
  return true;
}

function removeLabels(labels: Map<string, string>, goes: (name: string) => boolean): true {
  for (const name of [...labels.keys()]) if (goes(name)) labels.delete(name);
  return true;
}

/**
 * `$1`, `${1}`, `$name`, `${name}` and `$$` by the rules of Go: a bare reference is as long as it can be, so `$1x`
 * asks for a group called `1x`, and a group that does not exist is empty.
 */
function expand(template: string, match: RegExpExecArray): string {
  if (!template.includes('$')) return template;
  return template.replace(/\$(?:(\$)|\{(\w+)\}|(\w+))/g, (_all, dollar, braced, bare) => {
    if (dollar !== undefined) return '$';
    const group: string = braced ?? bare;
    return (/^\d+$/.test(group) ? match[Number(group)] : match.groups?.[group]) ?? '';
  });
}

function lastEightBytes(digest: Uint8Array): bigint {
  return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getBigUint64(8);
}

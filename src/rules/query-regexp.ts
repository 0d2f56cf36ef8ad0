/**
 * What is wrong with a regular expression of a label matcher; undefined when nothing is known to be. The servers speak
 * RE2, we only have JavaScript's engine: what RE2 lacks is named, what only RE2 has is put aside, and where the two
 * cannot be compared nothing is said.
 */
export function regexpFault(pattern: string): string | undefined {
  if (/\(\?(?:[=!]|<[=!])/.test(pattern)) return 'regular expressions here (RE2) have no look-ahead or look-behind';
  if (/(?:^|[^\\])(?:\\\\)*\\[1-9]/.test(pattern)) return 'regular expressions here (RE2) have no back-references';
  if (/\\[QC]/.test(pattern) || /[\^$|(][*+?]/.test(pattern.replace(/\(\?/g, '('))) return undefined;
  const comparable = pattern
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:');
  try {
    new RegExp(comparable);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^.*: /s, '').toLowerCase() : '';
    return `not a regular expression (${reason})`;
  }
}

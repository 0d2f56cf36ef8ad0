/** A mistake of the user, as a value: where it is and what would be right. Line and column start at 1. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function formatProblem(problem: Problem): string {
  const warning = problem.severity === 'warning' ? 'warning: ' : '';
  return `${problem.file}: ${problem.line}:${problem.column}: ${warning}${problem.message}`;
}

/** The streams and surroundings of a command, so that tests can stand in for a terminal. */
export interface CliIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly stdin: () => Promise<string>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Whether stderr is a terminal: progress is shown there and nowhere else. */
  readonly isTerminal: boolean;
}

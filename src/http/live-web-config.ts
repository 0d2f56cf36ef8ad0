import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { OpenAnomalyError } from '../errors.ts';
import type { Logger } from '../ports/logger.ts';
import { formatProblem, type Problem } from '../rules/problem.ts';
import { FileWatch } from './file-watch.ts';
import { loadTls, tlsFiles } from './tls-options.ts';
import { type ParsedWebConfig, parseWebConfig, wantsTls } from './web-config.ts';
import { EMPTY_WEB_CONFIG, type TlsServerConfig, type WebConfigDocument } from './web-config-schema.ts';

export interface ServerTls {
  readonly config: TlsServerConfig;
  readonly options: SecureContextOptions;
}

/** The web configuration as it is on disk now. Files are read again once they change; no reload is needed. */
export class LiveWebConfig {
  readonly #file: string | undefined;
  readonly #logger: Logger;
  readonly #watch = new FileWatch();
  readonly #tlsWatch = new FileWatch();
  #config: WebConfigDocument = EMPTY_WEB_CONFIG;
  #tls: ServerTls | undefined;
  #tlsProblemAt: ParsedWebConfig['tlsProblem'] | undefined;
  #problems: readonly Problem[] = [];
  #tlsProblems: readonly Problem[] = [];

  /** Throws `web_config_invalid` with every problem, one a line. Without a file everything is open. */
  constructor(file: string | undefined, logger: Logger) {
    this.#file = file;
    this.#logger = logger;
    if (file === undefined) return;
    this.#readIfChanged();
    const problems = [...this.#problems, ...this.#tlsProblems];
    if (problems.length > 0) throw new OpenAnomalyError('web_config_invalid', problems.map(formatProblem).join('\n'));
  }

  /** Undefined while the file, or one that it names, is broken: then nobody can be let in. */
  get config(): WebConfigDocument | undefined {
    this.#readIfChanged();
    return this.#problems.length + this.#tlsProblems.length > 0 ? undefined : this.#config;
  }

  /**
   * Certificate and key for the next handshake; the last good ones while the files are broken, so that the answer can
   * say so. Undefined: plain HTTP.
   */
  get tls(): ServerTls | undefined {
    this.#readIfChanged();
    return this.#tls;
  }

  #readIfChanged(): void {
    if (this.#file === undefined) return;
    if (this.#watch.changed([this.#file])) this.#read(this.#file);
    const { tls_server_config: tls } = this.#config;
    if (!wantsTls(tls) || this.#tlsProblemAt === undefined) return;
    const dir = dirname(this.#file);
    if (!this.#tlsWatch.changed(tlsFiles(tls, dir))) return;
    const loaded = loadTls(tls, dir, this.#tlsProblemAt);
    this.#tlsProblems = 'problem' in loaded ? [loaded.problem] : [];
    if ('options' in loaded) this.#tls = { config: tls, options: loaded.options };
    this.#tell(this.#tlsProblems);
  }

  #read(file: string): void {
    const parsed = parseFile(file);
    this.#problems = parsed.problems;
    this.#tell(parsed.problems);
    if (parsed.config === undefined) return;
    this.#config = parsed.config;
    this.#tlsProblemAt = parsed.tlsProblem;
    this.#tlsProblems = [];
    this.#tlsWatch.forget();
    if (!wantsTls(parsed.config.tls_server_config)) this.#tls = undefined;
  }

  /** Once for every change of the files, not for every request that meets the broken state. */
  #tell(problems: readonly Problem[]): void {
    for (const problem of problems)
      this.#logger.log('error', 'web configuration is broken, requests are refused', { err: formatProblem(problem) });
  }
}

function parseFile(file: string): ParsedWebConfig {
  try {
    return parseWebConfig(readFileSync(file, 'utf8'), file);
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    const problem: Problem = { severity: 'error', file, line: 1, column: 1, message };
    return { problems: [problem], config: undefined, tlsProblem: () => problem };
  }
}

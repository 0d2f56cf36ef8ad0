/** Numbers of src/score/tail/settings.ts by their names. */
export type TailSettings = Readonly<Record<string, number>>;

export const SETTINGS_VARIABLE = 'OPENANOMALY_BENCH_TAIL_SETTINGS';

export function parseSettings(text: string): TailSettings {
  return JSON.parse(text) as TailSettings;
}

/** The text of the settings module with other numbers. Throws for a name that it does not have. */
export function withSettings(source: string, settings: TailSettings): string {
  let text = source;
  for (const [name, value] of Object.entries(settings)) {
    const constant = new RegExp(`^(export const ${name} = )[^;]*;`, 'm');
    if (!constant.test(text)) throw new Error(`the technique tail has no setting ${name}`);
    text = text.replace(constant, `$1${value};`);
  }
  return text;
}

import { jsonSchema } from '../document/schema.ts';
import { rulesSchema } from '../rules/schema.ts';
import { settingsSchema } from '../settings/schema.ts';
import type { CliIo } from './io.ts';

const SCHEMAS = { rules: rulesSchema, settings: settingsSchema };

/** Prints a JSON Schema; answers the exit code. */
export async function generateSchema(which: string | undefined, io: CliIo): Promise<number> {
  const name = which ?? 'rules';
  if (name !== 'rules' && name !== 'settings') {
    io.stderr(`openanomaly: error: there is no schema "${name}"; write rules or settings\n`);
    return 1;
  }
  io.stdout(jsonSchema(SCHEMAS[name]));
  return 0;
}

import { reference } from '../document/reference.ts';
import { jsonSchema, nodeOf } from '../document/schema.ts';
import { genericAlertRules } from '../rules/alert-rules.ts';
import { rulesSchema } from '../rules/schema.ts';
import { settingsSchema } from '../settings/schema.ts';

const INTRODUCTION = `# Configuration

Two kinds of files: the **settings** of the process (\`--config.file\`, default \`config/openanomaly.yaml\`) and the **rule
files** it names. This page is made from the same source as the checks and the JSON Schemas
(\`config/settings.schema.json\`, \`config/pipeline.schema.json\`), which editors use through the first line of a file:

\`\`\`yaml
# yaml-language-server: $schema=../config/pipeline.schema.json
\`\`\`

Durations are written as in Prometheus: \`30s\`, \`5m\`, \`1d12h\`, \`500ms\`. Unknown keys are mistakes, and all mistakes of a
file are reported at once, each with line, column and what would be right: \`openanomaly check config FILE\`. Relative paths
start at the folder of the settings file. Flags of the command line win over the file.

Files are read again when their content changes, on \`SIGHUP\`, and on \`POST /-/reload\`: everything, or nothing when there is
a mistake. Data sources, endpoints and rules take effect at once; a change of \`server\`, \`workers\`, \`state_dir\`,
\`metric_prefix\` or \`log\` at the next start (the log says so). Files with secrets and certificates are read at each use.
`;

/** Committed files that are made from the schemas and from the code, by their path in the repository. */
export function generatedFiles(): Readonly<Record<string, string>> {
  return {
    'config/pipeline.schema.json': jsonSchema(rulesSchema),
    'config/settings.schema.json': jsonSchema(settingsSchema),
    'rules/alerts/openanomaly.rules.yaml': genericAlertRules(),
    'docs/configuration.md': [
      INTRODUCTION,
      '## Rule files\n',
      reference(nodeOf(rulesSchema), 3),
      '## Settings\n',
      reference(nodeOf(settingsSchema), 3),
    ].join('\n'),
  };
}

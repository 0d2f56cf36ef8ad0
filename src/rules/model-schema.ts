import { anything, choice, mapOf, optional, section, text } from '../document/schema.ts';

/** Engines a pipeline can ask for, then those that are still to come. */
const ENGINE_IDS = [
  'auto',
  'seasonal_naive',
  'climatology',
  'ets',
  'openanomaly-tiny',
  'calendar',
  'mstl',
  'prophet',
] as const;

/** The `model:` block of a pipeline. */
export const model = section(
  {
    type: choice(['local', 'remote'], {
      description: 'Where the engine runs.',
      default: 'local',
      unavailable: ['remote'],
    }),
    id: choice(ENGINE_IDS, {
      description:
        'Engine. `auto` picks per series by the loss of recent forecasts, so that nobody has to know which suits.',
      default: 'auto',
      unavailable: ['mstl', 'prophet'],
    }),
    parameters: anything({ description: 'Parameters of the engine.', default: {} }),
    endpoint: optional(text({ description: 'URL of a remote model.', 'x-unavailable': 'remote models' })),
    serialization_format: optional(
      choice(['json', 'arrow'], { description: 'How a remote model is spoken to.', 'x-unavailable': 'remote models' }),
    ),
    headers: optional(
      mapOf(text({ description: 'A value.', 'x-secret': true }), {
        description: 'Headers sent to a remote model.',
        'x-unavailable': 'remote models',
      }),
    ),
  },
  { title: 'model', description: 'What forecasts the series.', default: {} },
);

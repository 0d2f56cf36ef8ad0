import { SEASONALITIES, type Seasonality } from './shape.ts';

/** What is wrong with the parameter `seasonality` of the engine `calendar`, or undefined. */
export function seasonalityFault(value: unknown): string | undefined {
  return Array.isArray(value) && value.every((entry) => (SEASONALITIES as readonly unknown[]).includes(entry))
    ? undefined
    : `must be a list out of ${SEASONALITIES.join(', ')}; an empty list turns seasons off`;
}

/** The seasons to look at, from parameters that were checked: all of them unless given. */
export function seasonalityOf(parameters: Readonly<Record<string, unknown>>): readonly Seasonality[] {
  return (parameters['seasonality'] as readonly Seasonality[] | undefined) ?? SEASONALITIES;
}

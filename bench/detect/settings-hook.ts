import { register } from 'node:module';
import { parseSettings, SETTINGS_VARIABLE } from './settings-text.ts';

/**
 * Loaded before anything else (`node --import`), it has the numbers of the technique `tail` read as the environment says.
 * The product itself has one set of them and no switch.
 */
const settings = process.env[SETTINGS_VARIABLE];
if (settings !== undefined) {
  const hooks = new URL(`./settings-loader${import.meta.url.slice(-3)}`, import.meta.url);
  register(hooks, { data: parseSettings(settings) });
}

/** Bytes that are not what their format says. */
export class MalformedMessage extends Error {}

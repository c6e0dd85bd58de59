/**
 * Moments are ISO 8601 UTC text, with or without fractions of a second, so that text order is not time order
 * (`…00Z` and `…00.500Z`): compare them as milliseconds.
 */
export const millis = (moment: string): number => Date.parse(moment);

/** Whether `a` is earlier than `b`. */
export const isBefore = (a: string, b: string): boolean => millis(a) < millis(b);

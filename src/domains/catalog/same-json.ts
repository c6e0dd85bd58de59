/** Whether two JSON values are the same, in whatever order their fields come. A field left out is one undefined. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (!isContainer(a) || !isContainer(b)) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameJson(a[key], b[key]));
}

const isContainer = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Whether two flat records have the same values; a field that is missing and one that is undefined are the same. */
export function sameFields(a: object, b: object): boolean {
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((field) => left[field] === right[field]);
}

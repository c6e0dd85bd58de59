import { z } from "zod";

/** A whole number in a query string. */
export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, "a whole number")
    .transform(Number)
    .pipe(z.int().min(least).max(most));

/** `limit`: how many items a page has. */
export const limit = (standard = 20, most = 100) => wholeNumber(1, most).default(standard);

/** `offset`: how many items to pass over, for page numbers. */
export const offset = (most = 100_000) => wholeNumber(0, most).optional();

/** `true` or `false` in a query string. */
export const flag = () =>
  z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .pipe(z.boolean());

/** A place in a list as opaque text. */
export const encodeCursor = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString("base64url");

/**
 * `cursor` in a query string: checks it and gives the place back, as `encodeCursor` took it. One that we did not make
 * is refused like any other field of the query.
 */
export const cursor = <Place extends z.ZodType>(place: Place) =>
  z
    .string()
    .max(2_000)
    .regex(/^[\w-]+$/, "a cursor as an earlier answer gave it")
    .transform((text, context): z.input<Place> => {
      try {
        const decoded: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
        if (place.safeParse(decoded).success) return decoded as z.input<Place>;
      } catch {
        // Not ours: refused below.
      }
      context.issues.push({ code: "custom", message: "must be a cursor as an earlier answer gave it", input: text });
      return z.NEVER;
    });

/** Flags as commander gives them; the settings check them. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

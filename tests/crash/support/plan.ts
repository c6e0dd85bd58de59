import fc from "fast-check";

/** Something that somebody does; whom and what it is about is picked from what there is when it is done. */
export type Act =
  | Visit
  /** What the back office does with an order. */
  | { readonly kind: "complete" | "cancel" | "complete-and-cancel" | "capture" | "refund"; readonly order: number }
  | { readonly kind: "receive"; readonly sku: number; readonly pieces: number }
  | { readonly kind: "adjust"; readonly sku: number; readonly by: number }
  /** A command that was answered is sent again under its key. */
  | { readonly kind: "repeat"; readonly command: number }
  /** The engine dies and comes back; `rewound`: to a checkout and payments that hear everything once more. */
  | { readonly kind: "kill"; readonly rewound: boolean };

/** A shopper fills a cart, changes her mind, and checks out. */
export interface Visit {
  readonly kind: "visit";
  readonly items: readonly (readonly [sku: number, pieces: number])[];
  /** How many pieces of the first article it is to be after all. */
  readonly change: number | undefined;
  readonly payment: "approve" | "decline" | "hang";
  /** `twice`: under the same key, at once. `rival`: under two keys, at once. */
  readonly checkout: "once" | "twice" | "rival" | "never";
  readonly wait: boolean;
}

/** Who does what one after another; all of them at once. */
export type Plan = readonly (readonly Act[])[];

/** Articles of a plan; the last is scarce. */
export const ARTICLES = 3;

const visit: fc.Arbitrary<Visit> = fc.record({
  kind: fc.constant("visit" as const),
  items: fc.array(fc.tuple(fc.nat(ARTICLES - 1), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 3 }),
  change: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 2 }),
  payment: fc.oneof(
    { weight: 6, arbitrary: fc.constant("approve" as const) },
    { weight: 1, arbitrary: fc.constant("decline" as const) },
    { weight: 1, arbitrary: fc.constant("hang" as const) },
  ),
  checkout: fc.oneof(
    { weight: 5, arbitrary: fc.constant("once" as const) },
    { weight: 2, arbitrary: fc.constant("twice" as const) },
    { weight: 2, arbitrary: fc.constant("rival" as const) },
    { weight: 1, arbitrary: fc.constant("never" as const) },
  ),
  wait: fc.boolean(),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: visit },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("complete", "complete", "cancel", "complete-and-cancel", "capture", "refund"),
      order: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      sku: fc.nat(ARTICLES - 1),
      pieces: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("adjust" as const),
      sku: fc.nat(ARTICLES - 1),
      by: fc.constantFrom(-2, -1, 1),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("repeat" as const), command: fc.nat(200) }) },
);
const kill: fc.Arbitrary<Act> = fc.record({ kind: fc.constant("kill" as const), rewound: fc.boolean() });

/** Three who buy and sell, and one who kills the engine up to `kills` times. */
export const plans = (acts: number, kills: number): fc.Arbitrary<Plan> =>
  fc
    .tuple(
      fc.array(fc.array(act, { minLength: 2, maxLength: acts }), { minLength: 3, maxLength: 3 }),
      fc.array(kill, { minLength: 1, maxLength: kills }),
    )
    .map(([people, killings]) => [...people, killings]);

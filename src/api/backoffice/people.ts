import { z } from "zod";
import { DomainError } from "../../domains/kernel";
import { forgetting, subject as subjectText } from "../../domains/privacy";
import { type Subject } from "../../infra/privacy";
import { ok, type Route, route } from "../http";
import { type Services } from "../services";
import { changeReason, changing, commandOf, reading } from "./conventions";

const personId = z
  .string()
  .min(1)
  .max(200)
  .describe(
    "A shopper's id, `<source>:<number>` for a customer of an import, or what stands for the person in the log.",
  );

const outcome = z.object({ forgotten: z.literal(true) }).meta({ id: "Forgotten" });

const found = z
  .object({ id: z.string().describe("By which the person is forgotten."), person: z.string() })
  .meta({ id: "Person" });

/** People of whom the shop has personal data. */
export function peopleRoutes(services: Services): readonly Route[] {
  /** What stands for the person in the log. */
  async function subjectOf(id: string): Promise<Subject | undefined> {
    const key = subjectText.safeParse(id).success ? await services.people.read(id) : await services.people.find(id);
    return key?.subject;
  }

  return [
    route({
      ...reading("forgetPeople"),
      method: "GET",
      path: "/admin/v1/people",
      operationId: "findPeople",
      summary: "The people who have used an e-mail address or customer number",
      description: "A guest is somebody new with each cart that is opened without a shopper token.",
      query: z.strictObject({ text: z.string().trim().min(1).max(254) }),
      responses: { 200: { description: "Those who are not forgotten", schema: z.object({ items: z.array(found) }) } },
      async handler({ query: { text } }) {
        const keys = await Promise.all((await services.people.holding(text)).map((each) => services.people.read(each)));
        return ok({ items: keys.flatMap((key) => (key ? [{ id: key.person, person: key.subject }] : [])) });
      },
    }),
    route({
      ...changing("forgetPeople"),
      method: "POST",
      path: "/admin/v1/people/:id/forget",
      operationId: "forgetPerson",
      summary: "Forget a person: from now on nobody can read what is personal of them",
      description:
        "Destroys the person's key. Events, orders and sums stay; names, addresses, e-mail and the link to the person " +
        "read as forgotten everywhere. This cannot be undone. Who asked, when and why is recorded: `reason` must not " +
        "tell of the person. Asking again changes nothing.",
      params: z.object({ id: personId }),
      personalParams: ["id"],
      body: z.strictObject({ reason: changeReason.optional() }).optional(),
      responses: { 200: { description: "It is done", schema: outcome } },
      refusals: { "idempotency-key-reused": 422 },
      async handler(context) {
        // The answer is the same every time, so of the key it need only be known what it was used for.
        const { commandHash, ...around } = commandOf(context, context.body?.reason);
        const reused = await services.reserveKey({ ...around, ...(commandHash !== undefined && { commandHash }) });
        if (reused) return reused;
        const person = await subjectOf(context.params.id);
        if (person === undefined) return ok({ forgotten: true } as const);
        const command = { type: "ForgetPerson", at: services.now(), person } as const;
        const result = await services.execute(forgetting, person, command, around);
        if (result instanceof DomainError) return result;
        await services.forget(person);
        return ok({ forgotten: true } as const, { token: result.position });
      },
    }),
  ];
}

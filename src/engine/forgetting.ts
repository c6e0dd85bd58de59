import { streamId } from "../domains/kernel";
import { type Reaction } from "../infra/runtime";
import { type Forget } from "./context";

/** Sees to it that a forgetting is carried out that was recorded, whatever happened to the process that recorded it. */
export const forgettingReaction = (forget: Forget): Reaction => ({
  name: "forgetting",
  context: "privacy",
  events: ["PersonForgotten"],
  react: ({ stream }) => forget(streamId(stream)),
});

/** What a context remembers of a person's requests goes with them: nobody else can reach it. */
export const forgottenAnswers = (context: string, forgetAnswers: Forget): Reaction => ({
  name: "forgotten-answers",
  context,
  events: ["PersonForgotten"],
  react: ({ stream }) => forgetAnswers(streamId(stream)),
});

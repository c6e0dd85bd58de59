import { type AloneStory } from "../../support/alone";

const person = "3f9c2a71b0d84e5c6a17";

export const privacy: AloneStory = {
  given: ["privacy/PersonForgotten.v1"],
  shows: [],
  does: { [`forgetting-${person}`]: ["PersonForgotten"] },
  decides: [
    { stream: `forgetting-${person}`, command: { type: "ForgetPerson", person }, outcome: [] },
    { stream: "forgetting-another", command: { type: "ForgetPerson", person: "another" }, outcome: ["PersonForgotten"] }, // prettier-ignore
  ],
};

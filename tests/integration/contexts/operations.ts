import { type AloneStory } from "../../support/alone";

const stream = "audit-2026-11-01-gateway-1a2b";

/** It listens to nothing: it keeps what every process tells of who was refused and who had what done. */
export const operations: AloneStory = {
  given: ["operations/CommandAnswered.v1", "operations/RequestRefused.v1"],
  shows: [],
  decides: [
    {
      stream,
      command: {
        type: "RecordAudit",
        events: [
          {
            type: "CommandAnswered",
            data: {
              method: "POST",
              route: "/admin/v1/products/:productId/publish",
              operation: "publishProduct",
              ids: { productId: "mug" },
              made: null,
              outcome: "refused",
              status: 409,
              code: "no-price",
            },
          },
        ],
      },
      outcome: ["CommandAnswered"],
    },
    { stream, command: { type: "RecordAudit", events: [] }, outcome: [] },
  ],
};

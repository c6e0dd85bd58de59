import { type Consumer, hasRoom, type Message } from "./message";
import { type StrategyName } from "./settings";

/** Chooses the subscriber for a message; undefined where it has to wait. */
export type Strategy = (message: Message, consumers: readonly Consumer[]) => Consumer | undefined;

export function makeStrategy(name: StrategyName): Strategy {
  switch (name) {
    case "DispatchToSingle":
      return (_message, consumers) => consumers.find(hasRoom);
    case "RoundRobin":
      return roundRobin();
    case "Pinned":
    case "PinnedByCorrelation":
      return pinned;
  }
}

function roundRobin(): Strategy {
  let last = -1;
  return (_message, consumers) => {
    for (let i = 1; i <= consumers.length; i++) {
      const index = (last + i) % consumers.length;
      const consumer = consumers[index] as Consumer;
      if (hasRoom(consumer)) {
        last = index;
        return consumer;
      }
    }
    return undefined;
  };
}

/**
 * Everything with one key goes to one subscriber, and few keys move when subscribers come and go: each key prefers the
 * subscriber with the highest hash of the two together (rendezvous hashing). A message waits for its subscriber.
 */
const pinned: Strategy = (message, consumers) => {
  let chosen: Consumer | undefined;
  let highest = -1;
  for (const consumer of consumers) {
    const weight = hash(`${consumer.id}/${message.pin}`);
    if (weight > highest) {
      highest = weight;
      chosen = consumer;
    }
  }
  return chosen && hasRoom(chosen) ? chosen : undefined;
};

/** FNV-1a with a final mix, so that similar keys spread. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

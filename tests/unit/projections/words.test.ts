import { sortable, words } from "../../../src/projections/words";

describe("words", () => {
  it("are lower case, without accents and punctuation, each once", () => {
    expect(words("WHITE HANGING HEART T-LIGHT HOLDER", "heart")).toEqual([
      "white",
      "hanging",
      "heart",
      "t",
      "light",
      "holder",
    ]);
    expect(words("Crème-brûlée, Straße 12½")).toEqual(["creme", "brulee", "strasse", "121", "2"]);
    expect(words("  ... ")).toEqual([]);
    expect(words("ЁЛКА 手袋")).toEqual(["елка", "手袋"]);
  });
  it("hold nothing that means something in a regular expression", () => {
    expect(words(".*+?^${}()|[]\\")).toEqual([]);
  });
  it("put titles in the order that people expect", () => {
    expect(["zebra", "Éclair", "'Apple'", "apple pie"].map(sortable).sort()).toEqual([
      "apple",
      "apple pie",
      "eclair",
      "zebra",
    ]);
  });
});
